"""The cells of a grid, the table of a study's runs, and that a job holds to it."""

import pytest

from latephase.errors import UserError
from latephase.runs import grid, spec
from tests.training import packs

STUDY = packs.RUN | {"grid": {"optimizer.weight_decay": [0.1, 0.5], "seed": [1, 2]}}


def test_a_row_a_run_in_the_order_of_the_grid():
    columns, rows = grid.table(STUDY, ["optimizer.lr", "schedule", "seed"])
    assert columns == ["run", "optimizer.weight_decay", "seed", "optimizer.lr"]
    told = [(row["optimizer.weight_decay"], row["seed"]) for row in rows]
    assert told == [(0.1, 1), (0.1, 2), (0.5, 1), (0.5, 2)]
    assert [row["run"] for row in rows] == [spec.run_id(run) for run in grid.specs(STUDY)]


def test_some_of_the_rows():
    _, rows = grid.table(STUDY, only={"seed": 2})
    assert [row["optimizer.weight_decay"] for row in rows] == [0.1, 0.5]


def test_a_job_is_held_to_the_table_it_was_planned_with():
    planned = spec.digest(grid.table(STUDY))
    assert grid.planned_table(planned, STUDY) == grid.table(STUDY)
    assert grid.planned_table(None, STUDY) == grid.table(STUDY)
    for other in (STUDY | {"steps": 7}, STUDY | {"grid": STUDY["grid"] | {"seed": [2, 1]}}):
        with pytest.raises(UserError, match="the code that reads grids has changed since this job"):
            grid.planned_table(planned, other)


def test_the_cells_of_a_grid_come_last_axis_fastest():
    points = list(grid.points({"optimizer.lr": [1, 2], "seed": [7, 8, 9]}))
    assert points[:4] == [
        ((0, 0), {"optimizer.lr": 1, "seed": 7}),
        ((0, 1), {"optimizer.lr": 1, "seed": 8}),
        ((0, 2), {"optimizer.lr": 1, "seed": 9}),
        ((1, 0), {"optimizer.lr": 2, "seed": 7}),
    ]
    assert len(points) == 6
    assert list(grid.points({})) == [((), {})]


def test_what_a_run_has():
    run = {"optimizer": {"lr": 1.0}, "seed": 3}
    assert grid.has(run, "seed")
    assert not grid.has(run, "optimizer.beta1")
    assert not grid.has(run, "seed.nothing")
