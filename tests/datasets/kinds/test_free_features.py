"""Free features: numbers alone."""

from pathlib import Path

import numpy as np
import yaml

from latephase.datasets.prepare import prepare

CATALOG = yaml.safe_load((Path(__file__).parents[3] / "catalog" / "datasets.yaml").read_text())


def test_free_features_are_numbers_and_the_test_set_is_the_training_set():
    entry = CATALOG["free_features"]
    arrays, header = prepare("free_features", entry)
    assert header["variant"] == "test_is_train"
    assert arrays["train_inputs"].shape == (10_000, 1, 1, 1)
    assert arrays["train_inputs"].flatten().tolist() == list(range(10_000))
    assert np.bincount(arrays["train_labels"]).tolist() == [1000] * 10
    assert np.bincount(arrays["train_labels"][:500]).tolist() == [50] * 10
    for kind in ("inputs", "labels"):
        assert np.array_equal(arrays[f"train_{kind}"], arrays[f"test_{kind}"])
