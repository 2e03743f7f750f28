"""Files of texts: columns, labels, word pieces, and what is wrong with them."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latephase.datasets.kinds import text
from latephase.datasets.prepare import prepare
from latephase.errors import UserError

PIECES = [
    "[PAD]",
    "[unused0]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "good",
    "bad",
    "film",
    "##s",
    "a",
    ",",
    "é",
]
TRAIN = [(1, "A good film"), (0, "bad films, a film"), (1, "good good")]
TEST = [(0, "Bad é"), (1, "a strange film")]


def write(path: Path, rows, header=("label", "text")):
    """A .csv as Python writes it, or a .tsv without quotes."""
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        if ".tsv" in path.name:
            file.writelines("\t".join(map(str, row)) + "\n" for row in [header, *rows] if row)
        else:
            csv.writer(file).writerows(row for row in [header, *rows] if row)
    return str(path)


@pytest.fixture
def given(tmp_path):
    """What a configuration says of two small files."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return {
        "train": write(tmp_path / "train.csv", TRAIN),
        "test": write(tmp_path / "test.csv", TEST),
        "vocabulary": str(tmp_path / "vocab.txt"),
        "labels": 2,
        "length": 6,
    }


def prepared(given, **changes):
    given = given | changes
    return prepare("mine", text.entry_of(given), texts=given)


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


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "tsv.gz", "parquet"])
def test_every_form_gives_the_same(given, tmp_path, ending):
    expected, _ = prepared(given)
    for split, rows in (("train", TRAIN), ("test", TEST)):
        path = tmp_path / f"{split}.{ending}"
        if ending == "parquet":
            pd.DataFrame(rows, columns=["label", "text"]).to_parquet(path)
        else:
            write(path, rows)
        given[split] = str(path)
    found, _ = prepared(given)
    for key, array in expected.items():
        assert np.array_equal(found[key], array)


def test_quotes_are_of_csv_alone(given, tmp_path):
    """A newline within a .csv's field; a quotation mark in a .tsv is a letter like any other."""
    expected, _ = prepared(given)
    rows = [(1, "A\ngood film"), *TRAIN[1:]]
    found, _ = prepared(given, train=write(tmp_path / "lines.csv", rows))
    assert np.array_equal(found["train_inputs"], expected["train_inputs"])
    rows = [(1, 'A good" film'), *TRAIN[1:]]
    found, _ = prepared(given, train=write(tmp_path / "quoted.tsv", rows))
    assert found["train_inputs"][0].tolist()[:4] == [2, 8, 4, 1]


def test_columns_and_names_of_labels(given, tmp_path):
    """As AG-news has them: no line of names, classes from 1, a title and a description."""
    rows = [(label + 1, *sentence.split(" ", 1)) for label, sentence in TRAIN]
    tested = [(label + 1, *sentence.split(" ", 1)) for label, sentence in TEST]
    changes = {
        "train": write(tmp_path / "own.csv", rows, None),
        "test": write(tmp_path / "others.csv", tested, None),
        "columns": ["class", "title", "description"],
        "text": ["title", "description"],
        "label": "class",
        "labels": ["1", "2"],
    }
    expected, found = prepared(given)[0], prepared(given, **changes)[0]
    for key, array in expected.items():
        assert np.array_equal(found[key], array)


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


WRONG = {  # what is done to the file, and what is said of it
    "no such file": (lambda p: p.unlink(), "train.csv: no such file; allowed: .csv, .tsv"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "train.csv: is not a file"),
    "a pipe": (lambda p: (p.unlink(), os.mkfifo(p)), "train.csv: is not a file"),
    "another encoding": (
        lambda p: p.write_bytes("label,text\n1,caf\u00e9\n".encode("latin-1")),
        "holds the byte 0xe9, which is not UTF-8 text",
    ),
    "no label": (
        lambda p: p.write_text("class,text\n1,a\n"),
        "no column label; it has class, text",
    ),
    "no text": (
        lambda p: p.write_text("label,words\n1,a\n"),
        "no column text; it has label, words",
    ),
    "empty": (lambda p: p.write_text(""), "no column label; it has none"),
    "no row": (lambda p: p.write_text("label,text\n"), "holds no text; allowed: at least one"),
    "a name": (
        lambda p: p.write_text("label,text\n1,a\ngood,b\n"),
        "row 2: label is 'good'; allowed: 0 to 1, or names in labels",
    ),
    "a large label": (
        lambda p: p.write_text("label,text\n2,a\n"),
        "row 1: label is '2'; allowed: 0",
    ),
    "a negative one": (lambda p: p.write_text("label,text\n-1,a\n"), "label is '-1'"),
    "a fraction": (lambda p: p.write_text("label,text\n1.0,a\n"), "label is '1.0'"),
    "digits of another script": (lambda p: p.write_text("label,text\n١,a\n"), "label is '١'"),
    "too many fields": (
        lambda p: p.write_text("label,text\n1,a\n1,b,c\n"),
        "row 2 has 3 fields; allowed: 2, one for each of the columns label, text",
    ),
    "a quote that stays open": (
        lambda p: p.write_text('label,text\n1,"a\n'),
        "not a readable table",
    ),
    "a field without end": (
        lambda p: p.write_text("label,text\n1," + "a" * (text.LONGEST + 1)),
        "not a readable table (field larger than field limit",
    ),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_is_wrong_with_a_file_is_one_line(given, how):
    spoil, line = WRONG[how]
    spoil(Path(given["train"]))
    with pytest.raises(UserError) as caught:
        text.entry_of(given)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_what_is_wrong_with_other_forms(given, tmp_path):
    (tmp_path / "a.txt").write_text("label,text\n1,a\n")
    (tmp_path / "a.parquet").write_text("label,text\n1,a\n")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"label,text\n" + b"1,a\n" * 999)[:-9])
    (tmp_path / "b.csv.gz").write_text("label,text\n1,a\n")
    pd.DataFrame({"label": [1, 0], "text": ["a", None]}).to_parquet(tmp_path / "none.parquet")
    pd.DataFrame({"label": [1.5], "text": ["a"]}).to_parquet(tmp_path / "float.parquet")
    pd.DataFrame({"y": [1], "text": ["a"]}).to_parquet(tmp_path / "y.parquet")
    for name, line in {
        "a.txt": "a.txt: is not a file of texts; allowed: .csv, .tsv",
        "a.parquet": "a.parquet: not a readable .parquet file",
        "a.csv.gz": "a.csv.gz: cannot be read (Compressed file ended",
        "b.csv.gz": "b.csv.gz: cannot be read (Not a gzipped file",
        "none.parquet": "row 2: text is 'None'; allowed: text",
        "float.parquet": "row 1: label is '1.5'; allowed: text, or a whole number",
        "y.parquet": "no column label; it has y, text",
    }.items():
        with pytest.raises(UserError) as caught:
            text.entry_of(given | {"train": str(tmp_path / name)})
        assert line in str(caught.value)


def test_a_label_that_is_no_name(given):
    with pytest.raises(UserError, match="label is '1'; allowed: 'bad', 'good'"):
        text.entry_of(given | {"labels": ["bad", "good"]})


def test_more_to_test_than_there_is(given):
    with pytest.raises(
        UserError, match="holds 3 texts, of which 3 are for the test set; allowed: fewer"
    ):
        text.entry_of(given | {"test": 3})


@pytest.mark.parametrize("missing", text.PIECES)
def test_a_vocabulary_without_what_is_needed(given, missing):
    path = Path(given["vocabulary"])
    path.write_text("\n".join(piece for piece in PIECES if piece != missing))
    with pytest.raises(UserError) as caught:
        text.entry_of(given)
    assert f"has no line {missing}; allowed: a vocab.txt" in str(caught.value)


def test_a_file_that_unpacks_to_too_much(given, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "LARGEST", 1000)
    path = write(tmp_path / "large.csv.gz", [(1, "a" * 100)] * 20)
    with pytest.raises(UserError, match="holds more than 1000 characters"):
        text.entry_of(given | {"train": path})


def test_equals_berts_own_tokenizer(given, tmp_path):
    """On Latin, accents, Chinese, control characters and words without a piece."""
    from tokenizers import BertWordPieceTokenizer

    pieces = [
        *text.PIECES,
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


@pytest.fixture
def byte_pairs(tmp_path):
    """A tokenizer.json of GPT-2's kind, learnt from the training texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=270, special_tokens=[text.END], initial_alphabet=alphabet, show_progress=False
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
    end = tokenizer.token_to_id(text.END)
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
