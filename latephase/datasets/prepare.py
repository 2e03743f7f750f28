"""One data set, whatever its source, as four arrays and a header that says what they are."""

import importlib
from pathlib import Path

import numpy as np

from latephase.datasets import Places
from latephase.datasets.pieces import Pieces
from latephase.errors import UserError

REQUIRED = {
    "cifar": ("variant", "shape", "classes", "label_bytes", "archive", "batches"),
    "digits": ("variant", "sha256"),
    "idx": ("variant", "shape", "classes", "train", "test", "files"),
    "npz": (),
    "folder": (),
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
    folder: Path | None = None,
    threads: int = 1,
) -> tuple[dict[str, np.ndarray | Pieces], dict]:
    """Read, check and split the data set that ``entry`` of catalog/datasets.yaml describes.

    ``mirror`` is a folder of already downloaded files, ``cache`` the folder where downloads are
    kept (both for kind idx), ``npz`` the user's own file and ``folder`` the user's own images
    (kinds npz and folder, which they imply: the entry may then be empty).

    Returns the arrays train_inputs, test_inputs [N, C, H, W] (uint8 or float32; of a folder in
    pieces, which are read as they are asked for) and train_labels, test_labels [N] (int64), and
    a header of plain JSON types: name, variant, source,
    sha256 (of each file read), classes, shape, scale. Neither depends on where the files were
    found. Raises UserError for data that are missing or not what the entry says.
    """
    kind = entry.get("kind", "npz" if npz else "folder" if folder else None)
    for given, its in ((npz, "npz"), (folder, "folder")):
        if given is not None and kind != its:
            told = f"given for data set {name}, whose kind is {kind}"
            raise UserError(f"{given}: {told}; allowed: {its}")
    if kind not in REQUIRED:
        raise UserError(f"data set {name}: kind is {kind!r}; allowed: {', '.join(REQUIRED)}")
    for key in REQUIRED[kind]:
        if key not in entry:
            raise UserError(f"data set {name}: {key} is missing from its entry of kind {kind}")
    # By name, so that a data set depends on the reader of its own kind alone.
    reader = importlib.import_module(f"latephase.datasets.{kind}")
    arrays, facts = reader.read(name, entry, Places(mirror, cache, npz, folder, threads))
    _check_entry(name, entry, arrays, facts)
    arrays = {
        key: array if isinstance(array, Pieces) else np.ascontiguousarray(array)
        for key, array in arrays.items()
    }
    return arrays, {"name": name, **facts}


def _check_entry(name: str, entry: dict, arrays: dict, facts: dict) -> None:
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
