"""A generated mixture of Gaussians, one for each class, that a linear classifier can separate."""

import hashlib
import math

import numpy as np

from latephase.datasets import Places
from latephase.errors import UserError

SCHEMA = {
    "required": [
        "variant",
        "shape",
        "classes",
        "train",
        "test",
        "scale",
        "seed",
        "noise",
        "margin",
    ],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/image_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"const": 1},
        "seed": {"type": "integer", "minimum": 0},
        "noise": {"type": "number", "exclusiveMinimum": 0},
        # Half of the distance between two means is 1/sqrt(2), about 0.7.
        "margin": {"type": "number", "minimum": 0, "maximum": 0.7},
        "sha256": {
            "type": "object",
            "additionalProperties": False,
            "required": ["train_inputs", "test_inputs"],
            "properties": {
                "train_inputs": {"$ref": "#/$defs/sha256"},
                "test_inputs": {"$ref": "#/$defs/sha256"},
            },
        },
    },
}

DRAWS = 1000
"""The largest number of draws of a sample."""


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """x = e_k + noise ξ in R^d, ξ standard normal, with labels k in turn: 0, 1, …, K − 1, 0, …

    A sample is drawn again until (x_k − x_j)/√2 ≥ margin for every j ≠ k. This is its distance from
    the plane between e_k and e_j. zhao2026's code has d = 784, K = 10, noise 0.1, no margin, and
    uses the training samples as test samples. Here they are drawn anew.

    The draws are from ``numpy.random.RandomState(seed)``, a stream that NumPy keeps fixed for ever
    (NEP 19). Raises UserError if the inputs do not have the sha256 of the entry, or if no draw of a
    sample has the margin.
    """
    classes, dimension = entry["classes"], math.prod(entry["shape"])
    if classes > dimension:
        raise UserError(
            f"data set {name}: classes is {classes}; allowed: at most the dimension, {dimension}"
        )
    random, arrays = np.random.RandomState(entry["seed"]), {}
    for split in ("train", "test"):
        labels = np.arange(entry[split]) % classes
        inputs = _draw(random, labels, dimension, entry)
        for _ in range(DRAWS):
            near = _margins(inputs, labels, classes) < entry["margin"]
            if not near.any():
                break
            inputs[near] = _draw(random, labels[near], dimension, entry)
        else:
            raise UserError(
                f"data set {name}: margin is {entry['margin']}; allowed: one that samples can "
                f"have (with noise {entry['noise']}, {DRAWS} draws each were not enough)"
            )
        arrays[f"{split}_inputs"] = inputs.reshape(-1, *entry["shape"])
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    found = {
        key: hashlib.sha256(arrays[key].astype("<f4").tobytes()).hexdigest()
        for key in ("train_inputs", "test_inputs")
    }
    for part, expected in entry.get("sha256", {}).items():
        if found[part] != expected:
            raise UserError(
                f"data set {name}: sha256.{part} of what is generated is {found[part]}; "
                f"expected {expected}"
            )
    facts = {
        "variant": entry["variant"],
        "source": "generated: Gaussians around the unit vectors, seed {seed}, noise {noise}, "
        "margin {margin}".format(**entry),
        "sha256": found,
        "classes": classes,
        "shape": entry["shape"],
        "scale": 1,
    }
    return arrays, facts


def _draw(
    random: np.random.RandomState, labels: np.ndarray, dimension: int, entry: dict
) -> np.ndarray:
    inputs = entry["noise"] * random.standard_normal((len(labels), dimension))
    inputs[np.arange(len(labels)), labels] += 1
    return inputs.astype(np.float32)


def _margins(inputs: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """min over j ≠ k of (x_k − x_j)/√2, for samples of class k."""
    rows, others = np.arange(len(labels)), inputs[:, :classes].copy()
    others[rows, labels] = -np.inf
    return (inputs[rows, labels] - others.max(1)) / math.sqrt(2)
