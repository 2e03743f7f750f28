"""The digits are the same on every machine: their split is pinned by digest."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.datasets.prepare import prepare
from latephase.errors import UserError

CATALOG = Path(__file__).parents[3] / "catalog" / "datasets.yaml"
SUMS = {
    "train_inputs": "c08f14981e331fd637f8b13a4c3ac75169952de433811ab19565449aa6dcdd30",
    "train_labels": "74608a8e27175aa03d46fac042f7891dac80b9d4cb34fa919a1b547062e6e3ee",
    "test_inputs": "3a69266c0056e1dc5892268f42803a2df922bb75c67646167df635e7d2121ad6",
    "test_labels": "abdcfa4ecabc24531a57d9925f5ffb1035782fe6caeb5511d041c0d141cce912",
}


@pytest.fixture
def entry():
    return yaml.safe_load(CATALOG.read_text())["digits"]


def test_split_is_pinned(entry):
    arrays, header = prepare("digits", entry)
    found = {
        # Little-endian, as in the stored file, so that the sums hold on any machine.
        key: hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
        for key, array in arrays.items()
    }
    assert found == SUMS
    assert {key: array.dtype for key, array in arrays.items()} == {
        "train_inputs": np.uint8,
        "train_labels": np.int64,
        "test_inputs": np.uint8,
        "test_labels": np.int64,
    }
    assert header == {
        "name": "digits",
        "variant": "embedded",
        "source": "scikit-learn load_digits, permuted by RandomState(0)",
        "sha256": entry["sha256"],
        "classes": 10,
        "shape": [1, 8, 8],
        "scale": 16,
    }


def test_every_image_is_used_once(entry):
    from sklearn.datasets import load_digits

    arrays, _ = prepare("digits", entry)
    stacked = np.concatenate([arrays["train_inputs"], arrays["test_inputs"]])[:, 0]
    originals = load_digits().images.astype(np.uint8)
    assert sorted(image.tobytes() for image in stacked) == sorted(
        image.tobytes() for image in originals
    )
    assert stacked.max() == entry["scale"]


def test_other_data_than_the_catalog_says(entry):
    entry["sha256"]["labels"] = "0" * 64
    with pytest.raises(UserError) as error:
        prepare("digits", entry)
    assert "sha256.labels" in str(error.value)
    assert "0" * 64 in str(error.value)
    assert "\n" not in str(error.value)


def test_entry_without_sums(entry):
    del entry["sha256"]
    with pytest.raises(UserError, match="sha256 is missing"):
        prepare("digits", entry)
