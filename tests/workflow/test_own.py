"""A user's own study, of parts that are there, and her own data."""

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.workflow

MY_STUDY = """\
title: Momentum and collapse
question: Does momentum hasten collapse?
added: "2026-12-01"
scales:
  quick:
    data: {name: digits, train_size: 100}
    model: {name: mlp, widths: [8]}
    loss: {name: cross_entropy}
    optimizer: {name: sgd, lr: 0.05}
    batch_size: 50
    steps: 20
    checkpoints: {log: 3}
    grid:
      optimizer.momentum: [0.0, 0.9]
      seed: [1, 2]
"""


def test_a_study_takes_one_file_and_no_code(project):
    (project.folder / "catalog/studies/my_study.yaml").write_text(MY_STUDY)
    table = "results/quick/studies/my_study.parquet"
    project.edit_config(packs={"mlp": {"cpu": {"seed": 2, "optimizer.momentum": 2}}})
    before = project.packs()
    project.make(table)

    (pack,) = project.packs() - before
    assert pack.startswith("digits-mlp-sgd-")
    frame = pd.read_parquet(project.folder / table)
    cells = frame[["optimizer.momentum", "seed"]].drop_duplicates()
    assert sorted(cells.itertuples(index=False, name=None)) == [
        (0.0, 1),
        (0.0, 2),
        (0.9, 1),
        (0.9, 2),
    ]
    steps = [0, 1, 4, 20]
    assert all(list(rows["step"]) == steps for _, rows in frame.groupby("run"))
    assert len(frame) == 4 * len(steps)
    columns = {"run", "step", "pack", "optimizer.lr", "loss_test", "accuracy_train"}
    metrics = {"rnc1", "nc1_pinv", "nc0", "relative_flatness", "nhsic_x"}
    assert columns | metrics <= set(frame.columns)
    assert set(frame["pack"]) == {pack}
    last = frame[frame["step"] == 20]
    assert last["loss_train"].max() < frame[frame["step"] == 0]["loss_train"].min()


def write_npz(path, seed):
    generator = np.random.default_rng(seed)
    labels = np.arange(60) % 3
    inputs = generator.normal(size=(60, 5)) + labels[:, None]
    arrays = {"x_train": inputs[:45], "y_train": labels[:45]}
    np.savez(path, **arrays, x_test=inputs[45:], y_test=labels[45:])


def test_a_user_s_npz_is_a_data_set(fresh_project):
    write_npz(fresh_project.folder / "mine.npz", seed=0)
    fresh_project.edit_study(
        data={"name": "mine"},
        batch_size=15,
        grid={"optimizer.weight_decay": [0.14], "seed": [42]},
    )
    study = "results/quick/studies/weight_decay_mlp.parquet"
    args = ("--until", "extract_nc0", "--config", "npz={mine: mine.npz}", "--", study)
    fresh_project.make(*args)

    (pack,) = fresh_project.packs()
    assert pack.startswith("mine-mlp-adamw-")
    nc0 = pd.read_parquet(fresh_project.folder / f"results/packs/{pack}/nc0.parquet")
    assert np.isfinite(nc0["nc0"]).all()
    assert nc0["step"].iloc[-1] == 60

    write_npz(fresh_project.folder / "mine.npz", seed=1)
    assert fresh_project.jobs(*args) == {"prepare_data": 1, "train": 1, "extract_nc0": 1}
