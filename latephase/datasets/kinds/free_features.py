"""Inputs for the unconstrained features model: the number of each sample (generated)."""

import numpy as np

from latephase.datasets import Places

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "scale"],
    "properties": {
        "variant": {"const": "test_is_train"},
        "shape": {"const": [1, 1, 1]},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"const": 1},
    },
}


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Inputs [N, 1, 1, 1] 0, 1, …, N − 1 as float32, and labels in turn: 0, 1, …, K − 1, 0, …

    The first n samples are balanced over the classes if K divides n. The test samples are the
    training samples, because free features cannot generalise.
    """
    arrays = {}
    for split in ("train", "test"):
        numbers = np.arange(entry[split])
        arrays[f"{split}_inputs"] = numbers.astype(np.float32).reshape(-1, 1, 1, 1)
        arrays[f"{split}_labels"] = (numbers % entry["classes"]).astype(np.int64)
    facts = {
        "variant": entry["variant"],
        "source": "generated: the numbers of the samples",
        "sha256": {},
        "classes": entry["classes"],
        "shape": [1, 1, 1],
        "scale": 1,
    }
    return arrays, facts
