"""One data set, whatever its source, as four arrays and a header that says what they are."""

import importlib
from pathlib import Path

import numpy as np

from latephase.datasets import Places, kinds
from latephase.datasets.pieces import Pieces
from latephase.errors import UserError


def prepare(
    name: str,
    entry: dict,
    *,
    mirror: Path | None = None,
    cache: Path | None = None,
    npz: Path | None = None,
    folder: Path | None = None,
    texts: dict | None = None,
    threads: int = 1,
) -> tuple[dict[str, np.ndarray | Pieces], dict]:
    """Read, check and split the data set that ``entry`` of catalog/datasets.yaml describes.

    ``mirror`` is a folder of files already downloaded, and ``cache`` the folder where downloads are
    kept. ``npz`` is a user's own file and ``folder`` a user's own images; the kind is then that of
    the same name, and the entry may be empty. So it is with ``texts``, which are of kind text: what
    config.yaml says of them.

    Returns the arrays train_inputs, test_inputs, train_labels and test_labels, and a header of
    plain JSON types. Labels are [N] int64. Inputs are images [N, C, H, W], uint8 or float32, unless
    the header has ``"inputs": "integers"``: then they are sequences [N, T], int32 or int64. Arrays
    that are too large to hold come as :class:`Pieces`.

    The header has name, variant, source, sha256 (of each file read), classes and shape (of one
    input). Of images it also has scale: stored values / scale are what is trained on, before they
    are standardised. Of integers it may have vocabulary: they are then in 0..vocabulary-1; and
    padding, the one that fills up a shorter sequence. Neither arrays nor header depend on where the
    files were found. Raises UserError for data that are missing or are not what the entry says.
    """
    own = {"npz": npz, "folder": folder, "text": texts}
    kind = entry.get("kind", next((its for its, given in own.items() if given), None))
    for its, given in own.items():
        if given is not None and kind != its:
            told = f"given for data set {name}, whose kind is {kind}"
            raise UserError(f"{given}: {told}; allowed: {its}")
    if kind not in kinds.files():
        raise UserError(f"data set {name}: kind is {kind!r}; allowed: {', '.join(kinds.files())}")
    # By name, so that a data set depends on the reader of its own kind alone.
    reader = importlib.import_module(f"latephase.datasets.kinds.{kind}")
    # What a user brings may be described by nothing but itself.
    if not hasattr(reader, "entry_of"):
        for key in reader.SCHEMA["required"]:
            if key not in entry:
                raise UserError(f"data set {name}: {key} is missing from its entry of kind {kind}")
    arrays, facts = reader.read(name, entry, Places(mirror, cache, npz, folder, texts, threads))
    _check_entry(name, entry, arrays, facts)
    arrays = {
        key: array if isinstance(array, Pieces) else np.ascontiguousarray(array)
        for key, array in arrays.items()
    }
    return arrays, {"name": name, **facts}


def _check_entry(name: str, entry: dict, arrays: dict, facts: dict) -> None:
    """Raise UserError where an entry states other facts or sizes than those of the data."""
    found = {
        **{key: facts.get(key) for key in ("shape", "classes", "scale", "vocabulary")},
        "train": len(arrays["train_inputs"]),
        "test": len(arrays["test_inputs"]),
    }
    for key, value in found.items():
        if key in entry and entry[key] != value:
            raise UserError(f"data set {name}: {key} is {entry[key]}; the data have {value}")
