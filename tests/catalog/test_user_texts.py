"""Texts of the user's own, as the configuration names them."""

import pytest

from latephase.catalog import load
from tests.catalog.editing import add_study, line

VOCABULARY = "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\n"


@pytest.fixture
def files(tmp_path):
    """Two small files and a vocabulary, as the configuration names them."""
    for split, rows in (("train", "1,good\n0,bad\n1,good\n"), ("test", "0,bad\n")):
        (tmp_path / f"{split}.csv").write_text(f"label,text\n{rows}")
    (tmp_path / "vocab.txt").write_text(VOCABULARY)
    names = {"train": "train.csv", "test": "test.csv", "vocabulary": "vocab.txt"}
    return {key: str(tmp_path / name) for key, name in names.items()}


def test_texts_that_a_study_names_are_counted(root, config, files):
    config["texts"] = {"mine": files | {"labels": 2}}
    found = load.load(root, config).datasets["mine"]
    assert "train" not in found  # nobody asks
    setting = {"data": {"name": "mine", "train_size": 4}, "model": {"name": "transformer"}}
    add_study(root, "reviews", "2030-01-02", {"seed": [1]}, batch_size=1, **setting)
    assert "data.train_size is 4; allowed: at most 3 (mine)" in line(root, config)
    setting["data"]["train_size"] = 2
    add_study(root, "reviews", "2030-01-02", {"seed": [1]}, batch_size=1, **setting)
    found = load.load(root, config).datasets["mine"]
    assert found == {
        "kind": "text",
        "variant": "user",
        "shape": [128],
        "classes": 2,
        "text": "text",
        "label": "label",
        "train": 3,
        "test": 1,
    }


@pytest.mark.parametrize(
    "name, changes, said",
    [
        ("mine", {}, "config: texts.mine.labels is missing; allowed: the number of classes"),
        ("mine", {"labels": 1}, "config: texts.mine.labels is 1; allowed: "),
        ("mine", {"labels": ["a"]}, "config: texts.mine.labels is ['a']; allowed: "),
        ("mine", {"labels": 2, "test": 0}, "config: texts.mine.test is 0; allowed: "),
        ("mine", {"labels": 2, "length": 0}, "config: texts.mine.length is 0; allowed: at least 3"),
        ("mine", {"label": 3, "labels": 2}, "config: texts.mine.label is 3; allowed: "),
        ("mine", {"folder": "x"}, "config: texts.mine.folder is not a known key"),
        ("Mine", {"labels": 2}, "config: texts.Mine is not a name that matches"),
        (
            "digits",
            {"labels": 2},
            "config: texts.digits is the name of another data set; allowed: ",
        ),
        (
            "sst2",
            {"labels": 2},
            "config: texts.sst2.labels is 2; allowed: nothing, because catalog/data",
        ),
        ("sst2", {}, "train.csv: no column label; it has"),
    ],
)
def test_what_is_wrong_is_one_line(root, config, files, tmp_path, name, changes, said):
    if name == "sst2" and not changes:
        (tmp_path / "train.csv").write_text("sentence\nx\n")
    config["texts"] = {name: files | changes}
    assert said in line(root, config)


def test_shipped_sets_of_texts_need_their_files_alone(root, config, files, tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text("sentence,label\ngood,1\n")
    config["texts"] = {"sst2": files}
    assert load.load(root, config).datasets["sst2"]["train"] == 67349


def test_a_file_that_is_not_there_is_told_with_its_key(root, config, files):
    config["texts"] = {"sst2": files | {"vocabulary": "nowhere.txt"}}
    assert line(root, config).startswith("config: texts.sst2: nowhere.txt: no such file")


def test_studies_of_texts_that_are_not_there_are_left_out(root, config):
    setting = {"data": {"name": "trec6"}, "model": {"name": "transformer"}}
    add_study(root, "questions", "2030-01-02", {"seed": [1]}, **setting)
    loaded = load.load(root, config)
    assert "questions" not in loaded.chosen_studies("quick")
    assert loaded.left_out("quick") == (
        "left out: questions, because their data are not configured; "
        "name them in config.yaml: texts.trec6"
    )
