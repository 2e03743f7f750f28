"""Texts in byte pairs, as GPT-2 has them."""

import pytest

from latephase.datasets.texts import byte_pairs as pairs
from latephase.errors import UserError
from tests.datasets.text_files import TEST, TRAIN, prepared


@pytest.fixture
def byte_pairs(tmp_path):
    """A tokenizer.json of GPT-2's kind, learnt from the training texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=270, special_tokens=[pairs.END], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([words for _, words in TRAIN], trainer)
    # What a saved tokenizer may ask for, and a file of texts has its own word on.
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=50)
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    return str(path)


def test_byte_pairs_are_the_text_and_nothing_else(given, byte_pairs):
    from tokenizers import Tokenizer

    arrays, header = prepared(given, vocabulary=byte_pairs, length=20)
    tokenizer = Tokenizer.from_file(byte_pairs)
    end = tokenizer.token_to_id(pairs.END)
    assert (header["vocabulary"], header["padding"]) == (tokenizer.get_vocab_size(), end)
    assert header["source"] == "texts as byte pairs"
    for split, rows in (("train", TRAIN), ("test", TEST)):
        for tokens, (_, words) in zip(arrays[f"{split}_inputs"], rows, strict=True):
            whole = tokens.tolist()
            length = whole.index(end)
            assert set(whole[length:]) == {end}
            assert tokenizer.decode(whole[:length]) == words
    short, _ = prepared(given, vocabulary=byte_pairs, length=3)
    assert (short["train_inputs"] == arrays["train_inputs"][:, :3]).all()


@pytest.mark.parametrize(
    "content, said",
    [
        ("{", "cannot be read"),
        (
            "[]",
            "holds no byte pairs; allowed: a tokenizer.json of GPT-2's kind, with <|endoftext|>",
        ),
        (
            '{"model": {"type": "BPE", "vocab": {"a": 0}}, "added_tokens": []}',
            "holds no byte pairs",
        ),
        (
            '{"model": {"type": "BPE", "vocab": {"<|endoftext|>": -1}}, "added_tokens": []}',
            "holds no byte pairs",
        ),
    ],
)
def test_what_is_wrong_with_a_tokenizer_is_one_line(given, tmp_path, content, said):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(UserError) as caught:
        prepared(given, vocabulary=str(tmp_path / "tokenizer.json"))
    assert str(caught.value).startswith(f"{tmp_path}/tokenizer.json: {said}")
