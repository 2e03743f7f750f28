"""One data set, from any source, as four arrays and a header that describes them."""

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

    ``mirror`` is a folder of files that were already downloaded, and ``cache`` is the folder in
    which downloads are kept. ``npz`` is the user's own file, ``folder`` is a folder of the user's
    own images, and ``texts`` is config.yaml's entry for the user's own texts. Each of them
    determines the kind (npz, folder or text), and the entry may then be empty.

    Returns the arrays train_inputs, test_inputs, train_labels and test_labels, and a header of
    plain JSON types. Labels are [N] int64. Inputs are images [N, C, H, W], uint8 or float32, unless
    the header has ``"inputs": "integers"``. Then they are sequences [N, T], int32 or int64. Arrays
    that are too large for the memory are :class:`Pieces`.

    The header has name, variant, source, sha256 (of each file that was read), classes and shape (of
    one input). For images it also has scale: the training uses stored values / scale, before they
    are standardised. For integers it may have vocabulary, which means that they are in
    0..vocabulary-1, and padding, the integer that pads shorter sequences. Neither arrays nor header
    depend on where the files were found. Raises UserError for data that are missing or do not fit
    the entry.
    """
    own = {"npz": npz, "folder": folder, "text": texts}
    kind = entry.get("kind", next((its for its, given in own.items() if given), None))
    for its, given in own.items():
        if given is not None and kind != its:
            told = f"given for data set {name}, whose kind is {kind}"
            raise UserError(f"{given}: {told}; allowed: {its}")
    if kind not in kinds.files():
        raise UserError(f"data set {name}: kind is {kind!r}; allowed: {', '.join(kinds.files())}")
    # Imported by name, so that a data set depends only on the reader of its own kind.
    reader = importlib.import_module(f"latephase.datasets.kinds.{kind}")
    # The entry of data that the user brings may be empty: the data describe themselves.
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
    """Raise UserError if an entry states other facts or sizes than those of the data."""
    found = {
        **{key: facts.get(key) for key in ("shape", "classes", "scale", "vocabulary")},
        "train": len(arrays["train_inputs"]),
        "test": len(arrays["test_inputs"]),
    }
    for key, value in found.items():
        if key in entry and entry[key] != value:
            raise UserError(f"data set {name}: {key} is {entry[key]}; the data have {value}")
