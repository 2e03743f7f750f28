"""A study whose runs fork from those of another: what is trained, what is stored, what is shown."""

import pandas as pd
import pytest

from latephase.storage import checkpoints

pytestmark = pytest.mark.workflow

PAST = {
    "data": {"name": "digits", "train_size": 50},
    "model": {"name": "mlp", "widths": [8]},
    "loss": {"name": "cross_entropy"},
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
    "batch_size": 10,
    "steps": 40,
    "checkpoints": {"log": 5, "states": [20]},
    "grid": {"seed": [1, 2]},
}
FORK = {"study": "past", "step": 20}
FUTURE = PAST | {
    "checkpoints": {"log": 5},
    "grids": [
        {"arm": "no fork", "checkpoints": {"log": 5, "states": [20]}},
        {"arm": "nothing changed", "fork": FORK},
        {
            "arm": "collapse encouraged",
            "fork": FORK,
            "regularizer": {"name": "ncc", "strength": 0.5},
            "interventions": [{"step": 30, "regularizer": None, "optimizer": {"lr": 0.01}}],
        },
    ],
}
TABLE = "results/quick/studies/future.parquet"
FAMILIES = 4


@pytest.fixture
def project(fresh_project):
    for name, setting in (("past", PAST), ("future", FUTURE)):
        study = {"title": "t", "question": "?", "added": "2030-01-02", "scales": {"quick": setting}}
        fresh_project.write_yaml(f"catalog/own/studies/{name}.yaml", study)
    return fresh_project


def test_from_a_shared_past_to_one_table(project):
    # Three packs: the past, which is an arm itself, and the two that fork from it.
    assert project.jobs(TABLE) == {
        "prepare_data": 1,
        "train": 3,
        "extract": 3 * FAMILIES,
        "aggregate": 1,
    }
    project.make("--", TABLE)
    table = pd.read_parquet(project.folder / TABLE)
    assert set(table["arm"]) == {"no fork", "nothing changed", "collapse encouraged"}
    columns = ["accuracy_test", "loss_train", "rnc1", "relative_flatness"]
    for _, own in table.groupby("seed"):
        arms = {arm: rows.set_index("step")[columns] for arm, rows in own.groupby("arm")}
        plain = arms["no fork"]
        for arm, rows in arms.items():
            # Everyone's past is the same, to the last digit.
            pd.testing.assert_frame_equal(rows[rows.index <= 20], plain[plain.index <= 20])
            same = rows.loc[40].equals(plain.loc[40])
            assert same == (arm != "collapse encouraged")
    # A fork stores nothing that its parent has.
    forked = table.loc[(table["arm"] == "nothing changed") & (table["step"] == 40), "pack"].iloc[0]
    steps = checkpoints.steps_in(project.folder / f"results/packs/{forked}/checkpoints")
    assert steps[0][0] == 20
    for folder in (project.folder / "results/packs").glob("*/checkpoints"):
        folder.touch()
    assert project.jobs(TABLE) == {}


def test_another_name_for_an_arm_trains_nothing(project):
    project.make("--", TABLE)
    grids = [*FUTURE["grids"][:2], FUTURE["grids"][2] | {"arm": "encouraged"}]
    study = project.read_yaml("catalog/own/studies/future.yaml")
    study["scales"]["quick"]["grids"] = grids
    project.write_yaml("catalog/own/studies/future.yaml", study)
    assert project.jobs(TABLE) == {"aggregate": 1}


def test_a_fork_from_where_nothing_is_kept_is_a_line_before_any_job(project):
    study = project.read_yaml("catalog/own/studies/future.yaml")
    study["scales"]["quick"]["grids"][1]["fork"]["step"] = 30
    project.write_yaml("catalog/own/studies/future.yaml", study)
    text, status = project.run("--", TABLE)
    assert status != 0
    assert [line for line in text.splitlines() if line.startswith("error: ")] == [
        "error: catalog/own/studies/future.yaml: scales.quick.grids[1].fork.step is 30; "
        "allowed: 20, checkpoints.states of that study"
    ]
