"""One data set, whatever its source, as four arrays and a header that says what they are."""

import importlib
from pathlib import Path

import numpy as np

from latephase.datasets import Places
from latephase.errors import UserError

REQUIRED = {
    "cifar": ("variant", "shape", "classes", "label_bytes", "archive", "batches"),
    "digits": ("variant", "sha256"),
    "idx": ("variant", "shape", "classes", "train", "test", "files"),
    "npz": (),
    "gaussian_mixture": ("variant", "shape", "classes", "train", "test", "seed", "noise", "margin"),
    "free_features": ("variant", "classes", "train", "test"),
}


def prepare(
    name: str,
    entry: dict,
    *,
    mirror: Path | None = None,
    cache: Path | None = None,
    npz: Path | None = None,
) -> tuple[dict[str, np.ndarray], dict]:
    """Read, check and split the data set that ``entry`` of catalog/datasets.yaml describes.

    ``mirror`` is a folder of already downloaded files, ``cache`` the folder where downloads are
    kept (both for kind idx), ``npz`` the user's own file (kind npz, which it implies: the entry
    may then be empty).

    Returns the arrays train_inputs, test_inputs [N, C, H, W] (uint8 or float32) and train_labels,
    test_labels [N] (int64), and a header of plain JSON types: name, variant, source,
    sha256 (of each file read), classes, shape, scale. Neither depends on where the files were
    found. Raises UserError for data that are missing or not what the entry says.
    """
    kind = entry.get("kind", "npz" if npz else None)
    if npz is not None and kind != "npz":
        raise UserError(f"{npz}: given for data set {name}, whose kind is {kind}; allowed: npz")
    if kind not in REQUIRED:
        raise UserError(f"data set {name}: kind is {kind!r}; allowed: {', '.join(REQUIRED)}")
    for key in REQUIRED[kind]:
        if key not in entry:
            raise UserError(f"data set {name}: {key} is missing from its entry of kind {kind}")
    # By name, so that a data set depends on the reader of its own kind alone.
    reader = importlib.import_module(f"latephase.datasets.{kind}")
    arrays, facts = reader.read(name, entry, Places(mirror, cache, npz))
    _check_entry(name, entry, arrays, facts)
    arrays = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    return arrays, {"name": name, **facts}


def _check_entry(name: str, entry: dict, arrays: dict[str, np.ndarray], facts: dict) -> None:
    """Refuse data whose sizes, shape, scale or classes are not those that the entry states."""
    found = {
        "shape": facts["shape"],
        "classes": facts["classes"],
        "scale": facts["scale"],
        "train": len(arrays["train_inputs"]),
        "test": len(arrays["test_inputs"]),
    }
    for key, value in found.items():
        if key in entry and entry[key] != value:
            raise UserError(f"data set {name}: {key} is {entry[key]}; the data have {value}")
