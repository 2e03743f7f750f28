"""Texts in word pieces, as BERT has them."""

from pathlib import Path

import numpy as np
import pytest

from latephase.datasets.kinds import text
from latephase.datasets.texts import word_pieces
from latephase.errors import UserError
from tests.datasets.text_files import PIECES, prepared, write


def test_word_pieces_by_hand(given):
    """[PAD] 0, [UNK] 1; then what training texts hold, in the order of the vocabulary."""
    arrays, header = prepared(given)
    cls, sep, good, bad, film, s, a, comma = range(2, 10)
    assert arrays["train_inputs"].tolist() == [
        [cls, a, good, film, sep, 0],
        [cls, bad, film, s, comma, a],  # cut: the rest and [SEP] are lost
        [cls, good, good, sep, 0, 0],
    ]
    # "é" loses its accent in lower case, and "e" is no piece; "strange" is none either.
    assert arrays["test_inputs"].tolist() == [[cls, bad, 1, sep, 0, 0], [cls, a, 1, film, sep, 0]]
    assert arrays["train_labels"].tolist() == [1, 0, 1]
    assert (arrays["train_inputs"].dtype, arrays["train_labels"].dtype) == (np.int32, np.int64)
    expected = {"vocabulary": 10, "padding": 0, "classes": 2, "shape": [6], "inputs": "integers"}
    assert {key: header[key] for key in expected} == expected
    assert header["cut"] == {"train": 1, "test": 0}
    assert header["unknown"] == pytest.approx(2 / 9, abs=1e-6)
    assert set(header["sha256"]) == {"train", "test", "vocabulary"}


@pytest.mark.parametrize("missing", word_pieces.SPECIAL)
def test_a_vocabulary_without_what_is_needed(given, missing):
    path = Path(given["vocabulary"])
    path.write_text("\n".join(piece for piece in PIECES if piece != missing))
    with pytest.raises(UserError) as caught:
        text.entry_of(given)
    assert f"has no line {missing}; allowed: a vocab.txt" in str(caught.value)


def test_equals_berts_own_tokenizer(given, tmp_path):
    """On Latin, accents, Chinese, control characters and words without a piece."""
    from tokenizers import BertWordPieceTokenizer

    pieces = [
        *word_pieces.SPECIAL,
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"##{c}" for c in "abcdefghijklmnopqrst"),
    ]
    pieces += ["##ing", "the", "中", "-", "'", "!", "##1", "1"]
    (tmp_path / "own.txt").write_text("\n".join(pieces), encoding="utf-8")
    texts = ["The Éclair isn't-ting!", "中文 abc\u200bd", "1a1 \ttab", "", "zzz" * 50, "a" * 101]
    rows = [(i % 2, words) for i, words in enumerate(texts)]
    changes = {"train": write(tmp_path / "a.csv", rows), "vocabulary": str(tmp_path / "own.txt")}
    arrays, _ = prepared(given, **changes, length=200)
    reference = BertWordPieceTokenizer(str(tmp_path / "own.txt"))
    expected = [encoding.ids for encoding in reference.encode_batch(texts)]
    kept = sorted({i for ids in expected for i in ids} | {0, 1})
    for row, ids in zip(arrays["train_inputs"], expected, strict=True):
        assert [kept[token] for token in row if token] == ids


def test_a_whole_vocabulary_keeps_its_numbers(given):
    Path(given["vocabulary"]).write_text("\n".join([*PIECES, "strange"]), encoding="utf-8")
    arrays, header = prepared(given, whole_vocabulary=True)
    number = PIECES.index
    assert arrays["train_inputs"][0].tolist() == [
        *map(number, ("[CLS]", "a", "good", "film", "[SEP]", "[PAD]"))
    ]
    # What training texts lack is no [UNK], unless the vocabulary lacks it too.
    assert arrays["test_inputs"][1].tolist()[2] == len(PIECES)
    assert arrays["test_inputs"][0].tolist()[2] == number("[UNK]")  # of é the accent is removed
    assert (header["vocabulary"], header["padding"]) == (len(PIECES) + 1, 0)
    assert header["unknown"] == round(1 / 9, 6)
