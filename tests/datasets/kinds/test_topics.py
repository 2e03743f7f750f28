"""Generated texts: what a word tells, and what it leaves open."""

import hashlib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.datasets.prepare import prepare
from latephase.errors import UserError

CATALOG = yaml.safe_load((Path(__file__).parents[3] / "catalog" / "datasets.yaml").read_text())
SMALL = {
    "kind": "topics",
    "variant": "generated",
    "shape": [9],
    "classes": 3,
    "train": 600,
    "test": 90,
    "vocabulary": 12,
    "seed": 3,
    "shortest": 4,
    "themes": 2,
    "share": 0.5,
}
"""Words 1 and 2 are of topics 0 and 1, 3 and 4 of 0 and 2, 5 and 6 of 1 and 2, 7 to 11 of all."""


def test_the_shipped_topics_are_pinned():
    """By the fixed stream of RandomState: the same on every machine and NumPy."""
    arrays, header = prepare("topics", CATALOG["topics"])
    found = {
        key: hashlib.sha256(arrays[key].astype("<i4").tobytes()).hexdigest()[:16]
        for key in ("train_inputs", "test_inputs")
    }
    assert found == {"train_inputs": "c1360bf8ac3bfb74", "test_inputs": "447ca0424b9f8655"}
    assert header["sha256"]["train_inputs"].startswith(found["train_inputs"])
    assert (header["inputs"], header["vocabulary"], header["padding"]) == ("integers", 201, 0)
    assert arrays["train_inputs"].dtype == np.int32
    assert arrays["train_labels"].tolist() == list(range(6)) * 500


def test_a_word_of_a_theme_leaves_two_topics_open():
    arrays, _ = prepare("mine", SMALL)
    words, labels = arrays["train_inputs"], arrays["train_labels"]
    of = {word: set(np.unique(labels[(words == word).any(1)]).tolist()) for word in range(1, 12)}
    themes = list(combinations(range(3), 2))
    assert [of[word] for word in range(1, 7)] == [set(pair) for pair in themes for _ in range(2)]
    assert all(of[word] == {0, 1, 2} for word in range(7, 12))
    counts = np.bincount(words.ravel(), minlength=12)[1:].astype(float)
    total, shares = counts.sum(), [0.5 / 6] * 6 + [0.5 / 5] * 5
    for count, share in zip(counts, shares, strict=True):
        assert abs(count - total * share) < 5 * (total * share) ** 0.5


def test_texts_are_padded_at_their_end():
    arrays, header = prepare("mine", SMALL)
    for split in ("train", "test"):
        words = arrays[f"{split}_inputs"]
        lengths = (words != 0).sum(1)
        assert set(lengths) == set(range(4, 10))
        assert all(
            (row[:n] > 0).all() and not row[n:].any() for row, n in zip(words, lengths, strict=True)
        )
    assert header["shape"] == [9]


@pytest.mark.parametrize(
    "change, line",
    [
        (
            {"vocabulary": 7},
            "vocabulary is 7; allowed: at least 8, for padding, 3 themes of 2 words",
        ),
        ({"shortest": 10}, "shortest is 10; allowed: up to 9, its shape"),
    ],
)
def test_what_does_not_fit_is_told(change, line):
    with pytest.raises(UserError) as caught:
        prepare("mine", SMALL | change)
    assert line in str(caught.value)
