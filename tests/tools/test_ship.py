"""Which columns of a study's data are shipped."""

import pandas as pd
import pytest

from latephase.errors import UserError
from scripts.tools import ship


def test_texts_are_found_at_every_depth():
    value = {"metric": "rnc1", "of": [{"a": "b"}, ["c", 1, None]]}
    assert ship.texts(value) == {"metric", "rnc1", "of", "a", "b", "c"}


def test_the_columns_that_a_program_names_are_among_its_texts():
    names = ship.named(["scripts.figures.zhao2026_fig8"])
    assert {"step", "nc0"} <= names
    # Declared by a family that the program does not read, and a label that it does not need.
    assert not {"kt_upper_x_variance_0.001", "nc1_trace_ratio"} & names


def test_metrics_that_nobody_reads_are_left_and_all_else_stays():
    df = pd.DataFrame(
        {"run": ["a"], "optimizer.lr": [0.1], "loss_train": [1.0], "rnc1": [2.0], "nc0": [3.0]}
    )
    assert [*ship.kept(df, {"rnc1"})] == ["run", "optimizer.lr", "loss_train", "rnc1"]


def test_a_tree_with_changes_is_no_commit(monkeypatch):
    monkeypatch.setattr(ship, "commit", lambda: "0" * 40 + "-dirty")
    with pytest.raises(UserError, match=r"--commit is 0+-dirty; allowed: 40 digits"):
        ship.main(["--scale", "quick", "--studies", "weight_decay_mlp"])


def test_what_was_shipped_stands_if_anything_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(ship, "ROOT", tmp_path)
    folder, manifest = tmp_path / "shipped/paper", tmp_path / "shipped/manifest.json"
    folder.mkdir(parents=True)
    (folder / "a.parquet").write_bytes(b"data")
    manifest.write_text("{}")
    with pytest.raises(KeyboardInterrupt), ship.replacing_scale("paper") as given:
        (given / "a.parquet").write_bytes(b"half")
        (given / "b.parquet").write_bytes(b"half")
        manifest.write_text("half")
        raise KeyboardInterrupt
    assert [path.name for path in folder.iterdir()] == ["a.parquet"]
    assert (folder / "a.parquet").read_bytes() == b"data"
    assert manifest.read_text() == "{}"
    with ship.replacing_scale("paper") as given:
        (given / "b.parquet").write_bytes(b"whole")
    assert {path.name for path in folder.iterdir()} == {"a.parquet", "b.parquet"}
    assert {path.name for path in folder.parent.iterdir()} == {"paper", "manifest.json"}
