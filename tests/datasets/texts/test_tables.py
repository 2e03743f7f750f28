"""Tables of texts in every form, and what is wrong with them."""

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latephase.datasets.kinds import text
from latephase.datasets.texts import tables
from latephase.errors import UserError
from tests.datasets.text_files import TEST, TRAIN, prepared, write


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
        lambda p: p.write_text("label,text\n1," + "a" * (tables.LONGEST + 1)),
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


def test_a_file_that_unpacks_to_too_much(given, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "LARGEST", 1000)
    path = write(tmp_path / "large.csv.gz", [(1, "a" * 100)] * 20)
    with pytest.raises(UserError, match="holds more than 1000 characters"):
        text.entry_of(given | {"train": path})
