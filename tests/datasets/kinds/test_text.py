"""Data sets of texts: sizes, splits, what decides them, and what is wrong with them."""

import os
from pathlib import Path

import numpy as np
import pytest

from latephase.datasets.kinds import text
from latephase.datasets.prepare import prepare
from latephase.errors import UserError
from tests.datasets.text_files import prepared, write


def test_an_order_of_its_own_and_a_test_split_cut_off(given, tmp_path):
    rows = [(i % 2, "good " * (i % 4)) for i in range(40)]
    path = write(tmp_path / "all.csv", sorted(rows))
    plain, _ = prepared(given, train=path)
    mixed, _ = prepared(given, train=path, shuffle=3)
    order = np.random.RandomState(3).permutation(40)
    assert np.array_equal(mixed["train_labels"], plain["train_labels"][order])
    assert np.array_equal(mixed["train_inputs"], plain["train_inputs"][order])
    cut, header = prepared(given, train=path, shuffle=3, test=10)
    assert np.array_equal(cut["train_inputs"], mixed["train_inputs"][:30])
    assert np.array_equal(cut["test_labels"], mixed["train_labels"][30:])
    assert set(header["sha256"]) == {"train", "vocabulary"}
    assert text.entry_of(given | {"train": path, "test": 10})["train"] == 30


def test_the_content_decides(given, tmp_path):
    """Not where the files lie; and each of the three does."""
    before = text.content(given)
    moved = {}
    for key in ("train", "test", "vocabulary"):
        path = tmp_path / "elsewhere" / Path(given[key]).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(Path(given[key]).read_bytes())
        moved[key] = str(path)
    assert text.content(given | moved) == before
    for key, path in moved.items():
        content = Path(path).read_bytes()
        Path(path).write_bytes(content + b"1,good\n")
        assert text.content(given | moved) != before, key
        Path(path).write_bytes(content)
    assert text.content(given | {"test": 1}) != text.content(given | {"test": 2}) != before


def test_more_to_test_than_there_is(given):
    with pytest.raises(
        UserError, match="holds 3 texts, of which 3 are for the test set; allowed: fewer"
    ):
        text.entry_of(given | {"test": 3})


MIRROR = os.environ.get("LATEPHASE_MIRROR")
TOPICS = ["acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade"]


@pytest.mark.skipif(
    not (MIRROR and Path(MIRROR, "text").is_dir()), reason="no texts in LATEPHASE_MIRROR"
)
def test_real_texts_with_berts_vocabulary():
    """Reuters' R8: sorted by label, eight names, 5,485 texts to train and 2,189 to test."""
    folder = Path(MIRROR, "text")
    given = {
        "train": str(folder / "reuters-r8-train.csv.gz"),
        "test": str(folder / "reuters-r8-test.csv.gz"),
        "vocabulary": str(folder / "vocab.txt"),
        "labels": TOPICS,
        "shuffle": 0,
    }
    entry = text.entry_of(given)
    assert (entry["train"], entry["test"], entry["shape"]) == (5485, 2189, [128])
    arrays, header = prepare("r8", entry, texts=given)
    assert np.bincount(arrays["train_labels"]).tolist() == [1596, 253, 2840, 41, 190, 206, 108, 251]
    assert len(set(arrays["train_labels"][:200])) > 4  # no longer sorted
    assert 5_000 < header["vocabulary"] < 30_522
    assert arrays["train_inputs"].max() == header["vocabulary"] - 1
    assert (arrays["train_inputs"][:, 0] == arrays["train_inputs"][0, 0]).all()  # [CLS]
    assert header["unknown"] < 0.02
