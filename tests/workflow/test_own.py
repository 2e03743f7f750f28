"""A user's own study, of parts that are there, and her own data."""

import shutil

import numpy as np
import pandas as pd
import pytest

from latephase.datasets import stored
from latephase.parts import network
from latephase.runs import parts, spec
from latephase.storage import checkpoints

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
    (project.folder / "catalog/own/studies/my_study.yaml").write_text(MY_STUDY)
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


MY_METRIC = '''
def sparsity(features, test_features, weight, loss):
    """Share of features that are exactly 0."""
    assert loss == "mse"
    return {
        "dead_train": float((features == 0).double().mean()),
        "dead_test": (test_features == 0).double().mean(),
        "rows": float(len(weight)),
    }
'''


UNION = """\
    grids:
      - {optimizer: {momentum: 0.9}, grid: {optimizer.lr: [0.05, 0.1]}}
      - {optimizer: {name: adamw}, steps: 10, grid: {optimizer.lr: [0.001]}}
    margins: {runs: {optimizer.name: adamw}, steps: [10], pairs: [[0, 1]]}
"""


def test_a_study_is_a_union_of_grids(project):
    study = MY_STUDY.replace("steps: 20\n", "steps: 20\n" + UNION)
    study = study.replace("      optimizer.momentum: [0.0, 0.9]\n", "")
    (project.folder / "catalog/own/studies/union.yaml").write_text(study)
    table = "results/quick/studies/union.parquet"
    jobs = project.jobs(table)
    assert jobs["train"] == 3
    assert jobs["extract"] == 3 * 4
    project.make(table, table.replace(".parquet", ".margins.parquet"))

    frame = pd.read_parquet(project.folder / table)
    last = frame.groupby("run", sort=False).tail(1)
    assert last["optimizer.name"].tolist() == ["sgd"] * 4 + ["adamw"] * 2
    assert last["step"].tolist() == last["steps"].tolist() == [20] * 4 + [10] * 2
    assert last["optimizer.lr"].tolist() == [0.05, 0.1] * 2 + [0.001] * 2
    assert last["optimizer.momentum"].isna().tolist() == [False] * 4 + [True] * 2
    margins = pd.read_parquet(project.folder / table.replace(".parquet", ".margins.parquet"))
    assert set(margins["run"]) == set(last["run"][last["optimizer.name"] == "adamw"])
    assert set(margins["optimizer.name"]) == {"adamw"}
    assert "optimizer.momentum" not in margins


def test_a_metric_takes_one_function_and_one_line(project):
    """And nothing is trained again, nor is another metric measured."""
    (project.folder / "latephase/metrics/own/sparsity.py").write_text(MY_METRIC)
    project.edit_study(metrics=["sparsity"])
    drawn = {"aggregate": 1, "figure": 3, "claims": 1, "report": 1, "gallery": 1, "all": 1}
    assert project.jobs() == {"extract": 2} | drawn
    table = "results/quick/studies/weight_decay_mlp.parquet"
    project.make(table)

    frame = pd.read_parquet(project.folder / table)
    assert set(frame["rows"]) == {10.0}
    # By hand, from the same checkpoint.
    row = frame.iloc[-1]
    folder = project.folder / "results/packs" / row["pack"] / "checkpoints"
    header = checkpoints.read(folder / "step_000000060.safetensors")[1]
    specs = spec.runs_of(header["pack"])
    number = [spec.run_id(run) for run in specs].index(row["run"])
    parameters = list(checkpoints.runs(folder / "step_000000060.safetensors"))[number]
    entry = parts.arguments(specs[number]["data"])
    data = stored.load(project.folder / "results/data/digits.safetensors", **entry)
    model = network.build_model(specs[number], data.header)
    features = network.features(model, parameters, data.test_inputs)
    assert row["step"] == 60
    assert row["dead_test"] == float((features == 0).double().mean())

    project.append("latephase/metrics/own/sparsity.py", "EDITED = True")
    assert project.jobs(table) == {"extract": 2, "aggregate": 1}


def test_a_study_asks_for_dearer_families(project):
    project.edit_study(metrics=["curvature", "representativeness"])
    table = "results/quick/studies/weight_decay_mlp.parquet"
    assert project.jobs(table) == {"extract": 4, "aggregate": 1}
    project.make(table)
    frame = pd.read_parquet(project.folder / table)
    wanted = ["hessian_trace", "relative_flatness_layer_hidden.0", "representativeness"]
    assert np.isfinite(frame[wanted]).all(axis=None)
    # Two ways to the last layer's: in closed form of float32 features, and by backward passes.
    ways = frame["relative_flatness_layer_head"], frame["relative_flatness"]
    np.testing.assert_allclose(*ways, rtol=1e-5)


def test_packs_on_the_same_data_share_the_encoding_of_their_inputs(project):
    project.edit_study(metrics=["mutual_information"])
    table = "results/quick/studies/weight_decay_mlp.parquet"
    wanted = {"encode_inputs": 1, "extract": 2, "aggregate": 1}
    assert project.jobs(table) == wanted
    study = project.read_yaml("catalog/sakamoto2026/studies/weight_decay_mlp.yaml")
    study["scales"]["quick"]["data"]["train_size"] = 150
    project.write_yaml("catalog/own/studies/other.yaml", study | {"added": "2026-12-02"})
    other = table.replace("weight_decay_mlp", "other")
    assert project.jobs(table, other)["encode_inputs"] == 2  # other inputs, another encoding


def test_a_pack_may_have_more_runs_than_a_command_line_has_room_for(fresh_project):
    """Linux lets one argument have 128 KiB."""
    seeds = list(range(1600))
    fresh_project.edit_study(
        model={"name": "mlp", "widths": [4]},
        steps=2,
        checkpoints={"log": 1},
        pack={"seed": len(seeds)},
        grid={"optimizer.weight_decay": [0.07], "seed": seeds},
        margins={"runs": {"seed": 7}, "steps": [1], "pairs": [[0, 1]]},
    )
    fresh_project.make("--until", "train", "--", "results/quick/studies/weight_decay_mlp.parquet")
    (pack,) = fresh_project.packs()
    history = pd.read_parquet(fresh_project.folder / f"results/packs/{pack}/history.parquet")
    assert history["run"].nunique() == len(seeds)


BAD_METRICS = {
    "return {'nc0': 0.0}": "mine.parquet: column nc0 is taken already; allowed: a new name",
    "return {'seed': 0.0}": "mine.parquet: column seed is taken already; allowed: a new name",
    "return {'pack': 0.0}": "mine.parquet: column pack is taken already; allowed: a new name",
    "return {'run': 0.0}": "mine.py: mine returns a column run, which every table has",
    "return 3.0": "mine.py: mine returns 3.0; allowed: a dict of numbers",
    "return {'a': [1, 2]}": "mine.py: mine returns {'a': [1, 2]}; allowed: a dict of numbers",
    "return {'a': '1.5'}": "mine.py: mine returns {'a': '1.5'}; allowed: a dict of numbers",
    "return {1: 2.0}": "mine.py: mine returns {1: 2.0}; allowed: a dict of numbers",
    "return {'a': 10**400}": "mine.py: mine returns {'a': 1000",
    "return {'a': weight.nothing}": "mine.py: line 2 (return {'a': weight.nothing}) raises Attrib",
    "return {": "latephase/metrics/own/mine.py: cannot be read at line 2",
}


@pytest.mark.parametrize("body", BAD_METRICS)
def test_what_is_wrong_with_a_metric_is_said(project, body):
    text = f"def mine(weight, scale=2.0):\n    {body}\n"
    (project.folder / "latephase/metrics/own/mine.py").write_text(text)
    project.edit_study(metrics=["mine"])
    text, status = project.run("results/quick/studies/weight_decay_mlp.parquet")
    assert status != 0
    lines = {line for line in text.splitlines() if line.startswith("error: ")}
    assert len(lines) == 1, text
    assert BAD_METRICS[body] in lines.pop()
    assert "Traceback" not in text


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
        grid={"optimizer.weight_decay": [0.07], "seed": [42]},
    )
    study = "results/quick/studies/weight_decay_mlp.parquet"
    args = ("--until", "extract", "--config", "npz={mine: mine.npz}", "--", study)
    fresh_project.make(*args)

    (pack,) = fresh_project.packs()
    assert pack.startswith("mine-mlp-adamw-")
    nc0 = pd.read_parquet(fresh_project.folder / f"results/packs/{pack}/nc0.parquet")
    assert np.isfinite(nc0["nc0"]).all()
    assert nc0["step"].iloc[-1] == 60

    # The same bytes elsewhere, of another date.
    elsewhere = fresh_project.folder / "elsewhere"
    elsewhere.mkdir()
    shutil.copyfile(fresh_project.folder / "mine.npz", elsewhere / "mine.npz")
    moved = [arg.replace("mine.npz", "elsewhere/mine.npz") for arg in args]
    assert fresh_project.jobs(*moved) == {}

    write_npz(fresh_project.folder / "mine.npz", seed=1)
    assert fresh_project.jobs(*args) == {"prepare_data": 1, "train": 1, "extract": 4}
