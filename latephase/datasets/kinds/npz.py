"""A .npz file with x_train, y_train, x_test, y_test: a user's own, or one of catalog/data."""

import hashlib

import numpy as np

from latephase.datasets import Places
from latephase.datasets.npz_header import npz_sizes, zip_errors
from latephase.errors import UserError


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Inputs [N, C, H, W], uint8 as they are or floats as float32, and labels [N] as int64.

    Inputs [N, d] become [N, 1, 1, d], [N, H, W] become [N, 1, H, W], [N, H, W, C] become
    [N, C, H, W]. Bytes are later divided by 255, floats are taken as they are. What is allowed
    is told by :func:`latephase.datasets.npz_header.npz_sizes`, which checks it here before any
    array is read; NaN and infinity raise UserError too, and a file that is not the one whose
    sha256 the entry has.
    """
    path = places.npz
    if path is None:
        raise UserError(f"data set {name}: kind npz needs a file; give it with --npz FILE")
    sizes = npz_sizes(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if entry.get("sha256", digest) != digest:
        raise UserError(f"{path}: sha256 is {digest}; expected {entry['sha256']}")
    arrays = {}
    with zip_errors(path), np.load(path, allow_pickle=False) as file:
        for split in ("train", "test"):
            # With its ending: a second member without it, unchecked, would come first.
            inputs = _images(file[f"x_{split}.npy"], sizes["shape"])
            if sizes["scale"] == 1:
                with np.errstate(over="ignore"):
                    inputs = inputs.astype(np.float32)
                if not np.isfinite(inputs).all():
                    raise UserError(
                        f"{path}: x_{split} holds NaN or infinity; allowed: finite float32 values"
                    )
            arrays[f"{split}_inputs"] = inputs
            arrays[f"{split}_labels"] = file[f"y_{split}.npy"].astype(np.int64)
    facts = {
        "variant": entry.get("variant", sizes["variant"]),
        "source": path.name,
        "sha256": {path.name: digest},
        **{key: sizes[key] for key in ("classes", "shape", "scale")},
    }
    return arrays, facts


def _images(inputs: np.ndarray, shape: list[int]) -> np.ndarray:
    if inputs.ndim == 4:
        return inputs.transpose(0, 3, 1, 2)
    return inputs.reshape(len(inputs), *shape)
