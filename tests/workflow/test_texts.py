"""A study of texts of the user's own, from files to its data."""

import shutil

import pandas as pd
import pytest

pytestmark = pytest.mark.workflow

TABLE = "results/quick/studies/reviews.parquet"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film", "a"]
STUDY = {
    "title": "Reviews",
    "question": "?",
    "added": "2030-01-02",
    "scales": {
        "quick": {
            "data": {"name": "reviews", "train_size": 30},
            "model": {"name": "transformer", "width": 8, "heads": 2, "mlp_width": 8},
            "loss": {"name": "mse", "reduction": "sum"},
            "optimizer": {"name": "adamw", "lr": 0.01},
            "batch_size": 10,
            "steps": 60,
            "checkpoints": {"log": 5},
            "grid": {"model.init_scale": [1.0, 4.0], "seed": [1]},
        }
    },
}


@pytest.fixture
def project(fresh_project):
    """With two files of texts, sorted by their labels."""
    folder = fresh_project.folder / "mine"
    folder.mkdir()
    rows = [("bad", "a bad film " * (i % 3 + 1)) for i in range(20)]
    rows += [("good", "good film " * (i % 3 + 1)) for i in range(20)]
    for split, some in (("train", rows), ("test", rows[10:30])):
        pd.DataFrame(some, columns=["label", "text"]).to_csv(folder / f"{split}.csv", index=False)
    (folder / "vocab.txt").write_text("\n".join(PIECES))
    name_them(fresh_project, "mine")
    fresh_project.write_yaml("catalog/own/studies/reviews.yaml", STUDY)
    return fresh_project


def name_them(project, folder):
    """Say in the configuration where the texts lie."""
    files = {"train": "train.csv", "test": "test.csv", "vocabulary": "vocab.txt"}
    texts = {key: f"{folder}/{name}" for key, name in files.items()}
    texts |= {"labels": ["bad", "good"], "shuffle": 0, "length": 12}
    project.edit_config(texts={"reviews": texts})


def test_from_files_to_a_table(project):
    project.make("--", TABLE)
    table = pd.read_parquet(project.folder / TABLE)
    last = table[table["step"] == 60]
    assert sorted(last["model.init_scale"]) == [1.0, 4.0]
    assert (last["accuracy_test"] == 1).all()  # one word tells the class
    assert last["rnc1"].notna().all()
    # Elsewhere they are the same texts; another text is another data set.
    shutil.move(project.folder / "mine", project.folder / "elsewhere")
    name_them(project, "elsewhere")
    assert project.jobs(TABLE) == {}
    with (project.folder / "elsewhere/test.csv").open("a") as file:
        file.write("good,good\n")
    assert project.jobs(TABLE)["prepare_data"] == 1


def test_a_mistake_in_a_text_is_a_line_before_any_job(project):
    with (project.folder / "mine/train.csv").open("a") as file:
        file.write("fair,a film\n")
    text, status = project.run("--", TABLE)
    assert status != 0
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert lines == [
        "error: config: texts.reviews: mine/train.csv: row 41: label is 'fair'; "
        "allowed: 'bad', 'good'"
    ]
    assert not (project.folder / "results/data").exists()
