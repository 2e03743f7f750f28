"""Texts as tokens, all of one length."""

from types import SimpleNamespace

import numpy as np
import pytest

from latephase.datasets.texts import tokens


class Letters:
    """A tokenizer whose pieces are letters."""

    def encode_batch_fast(self, texts, add_special_tokens):
        assert not add_special_tokens
        return [SimpleNamespace(ids=[ord(letter) for letter in text]) for text in texts]


@pytest.mark.parametrize("at_once", [1, 2, 10])
def test_a_text_is_framed_cut_and_filled_up(monkeypatch, at_once):
    monkeypatch.setattr(tokens, "AT_ONCE", at_once)
    examples = [("ab", 1), ("abc", 0), ("", 1)]
    found, cut = tokens.tokens_of(examples, Letters(), ([1], 0, [2]), 4)
    a, b, c = map(ord, "abc")
    assert found[0].tolist() == [[1, a, b, 2], [1, a, b, c], [1, 2, 0, 0]]
    assert found[1].tolist() == [1, 0, 1]
    assert (found[0].dtype, found[1].dtype, cut) == (np.int32, np.int64, 1)


def test_no_texts_are_no_tokens():
    found, cut = tokens.tokens_of([], Letters(), ([], 0, []), 4)
    assert (found[0].shape, found[1].shape, cut) == ((0, 4), (0,), 0)
