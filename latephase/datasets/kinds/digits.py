"""The 8x8 handwritten digits that scikit-learn contains: 1,797 images, no download."""

import hashlib

import numpy as np

from latephase.datasets import Places
from latephase.errors import UserError

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "scale", "sha256"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/image_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"const": 16},
        "sha256": {
            "type": "object",
            "additionalProperties": False,
            "required": ["images", "labels"],
            "properties": {
                "images": {"$ref": "#/$defs/sha256"},
                "labels": {"$ref": "#/$defs/sha256"},
            },
        },
    },
}

TRAIN = 1000


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Digits [N, 1, 8, 8] with values 0..16, split into 1,000 for training and 797 for testing.

    scikit-learn has no split and groups them by writer. So they are permuted by
    ``numpy.random.RandomState(0).permutation(1797)``, a stream that NumPy keeps fixed for ever (NEP
    19). The first 1,000 are for training. Raises UserError if scikit-learn's data have changed.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    found = {
        "images": hashlib.sha256(images.tobytes()).hexdigest(),
        "labels": hashlib.sha256(labels.tobytes()).hexdigest(),
    }
    for part, expected in entry["sha256"].items():
        if found[part] != expected:
            raise UserError(
                f"data set {name}: sha256.{part} of scikit-learn's load_digits is {found[part]}; "
                f"expected {expected}"
            )
    order = np.random.RandomState(0).permutation(len(images))
    inputs, labels = images[order][:, None], labels[order].astype(np.int64)
    arrays = {
        "train_inputs": inputs[:TRAIN],
        "train_labels": labels[:TRAIN],
        "test_inputs": inputs[TRAIN:],
        "test_labels": labels[TRAIN:],
    }
    facts = {
        "variant": entry["variant"],
        "source": "scikit-learn load_digits, permuted by RandomState(0)",
        "sha256": found,
        "classes": 10,
        "shape": [1, 8, 8],
        "scale": 16,
    }
    return arrays, facts
