"""The mixture of Gaussians: the same bytes everywhere, and separated by the margin."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.datasets.prepare import prepare
from latephase.errors import UserError

CATALOG = yaml.safe_load((Path(__file__).parents[3] / "catalog" / "datasets.yaml").read_text())
SMALL = {
    "kind": "gaussian_mixture",
    "variant": "generated",
    "shape": [1, 2, 3],
    "classes": 3,
    "train": 60,
    "test": 33,
    "scale": 1,
    "seed": 3,
    "noise": 0.4,
    "margin": 0.3,
}


def sums(arrays):
    return {
        key: hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
        for key, array in arrays.items()
    }


def test_the_shipped_mixture_is_pinned():
    """Its labels here, its inputs in the catalog."""
    entry = CATALOG["gaussian_mixture"]
    arrays, header = prepare("gaussian_mixture", entry)
    found = sums(arrays)
    assert {key: found[key] for key in entry["sha256"]} == entry["sha256"] == header["sha256"]
    assert found["train_labels"] == hashlib.sha256(np.tile(np.arange(10), 1000)).hexdigest()
    assert arrays["train_inputs"].dtype == np.float32
    assert not np.array_equal(arrays["train_inputs"], arrays["test_inputs"])
    deviations = arrays["train_inputs"].reshape(-1, 784) - np.eye(784)[arrays["train_labels"]]
    assert deviations.std() == pytest.approx(0.1, rel=1e-3)
    assert abs(deviations.mean(0)).max() < 5 * 0.1 / 100


def test_a_linear_classifier_separates_by_the_margin():
    arrays, _ = prepare("mine", SMALL)
    for split in ("train", "test"):
        inputs = arrays[f"{split}_inputs"].reshape(-1, 6).astype(float)
        labels = arrays[f"{split}_labels"]
        assert np.bincount(labels).tolist() == [SMALL[split] // 3] * 3
        own = inputs[np.arange(len(labels)), labels]
        distances = [
            (own - inputs[:, j])[labels != j].min() / math.sqrt(2) for j in range(SMALL["classes"])
        ]
        assert 0.3 - 1e-6 <= min(distances) < 0.35
    without, _ = prepare("mine", SMALL | {"margin": 0})
    assert (without["train_inputs"] == arrays["train_inputs"]).mean() > 0.3


def test_another_seed_is_another_set_and_the_same_the_same():
    first, again = (sums(prepare("mine", SMALL)[0]) for _ in range(2))
    other = sums(prepare("mine", SMALL | {"seed": 4})[0])
    assert first == again
    assert first["train_inputs"] != other["train_inputs"]
    assert first["train_labels"] == other["train_labels"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"classes": 7}, "classes is 7; allowed: at most the dimension, 6"),
        ({"sha256": {"test_inputs": "0" * 64}}, "sha256.test_inputs of what is generated is"),
        ({"noise": 1e-3, "margin": 0.8}, "margin is 0.8; allowed"),
        ({"scale": 255}, "scale is 255; the data have 1"),
    ],
)
def test_what_does_not_fit_is_one_line(change, said):
    with pytest.raises(UserError, match="data set mine: ") as caught:
        prepare("mine", SMALL | change)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
