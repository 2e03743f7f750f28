"""The figure of the delay of grokking: what it draws of runs whose delay is known."""

import numpy as np
import pandas as pd
import pytest

from latephase.storage import parquet
from scripts.figures import atlas_grokking_delay as figure
from tests.analysis.grokking_runs import LIMITS, run, table

SEEDS = range(1, 6)


@pytest.fixture(scope="module")
def drawn():
    """Of decay 1 all generalise, of 0.1 three of five, and nothing memorises at the higher rate."""
    runs = [run(100, 1000, seed) for seed in SEEDS]
    runs += [run(100, 3000 if seed < 4 else None, seed, decay=0.1) for seed in SEEDS]
    runs += [run(None, None, seed, lr=1.0) for seed in SEEDS]
    return figure.data(table(*runs), **LIMITS)


def lines_of(ax):
    return {tuple(np.round(line.get_ydata(), 2)) for line in ax.lines}


def arrows(ax):
    """The values above which arrows stand."""
    return [float(a.get_ydata()[0]) for a in ax.lines if a.get_marker() == r"$\uparrow$"]


def test_what_is_counted_is_said(drawn):
    assert drawn[1] == "of 15 runs 10 memorise, 8 generalise within the budget"


def test_steps_and_delays_are_those_of_the_analysis(drawn):
    df, note = drawn
    fig = figure.draw(df, note)
    steps, delay = fig.axes
    known = df[df["optimizer.lr"] < 1]
    for ax, column in ((steps, "train"), (steps, "test"), (delay, "delay")):
        assert tuple(np.round(known[column], 2)) in lines_of(ax)
    assert steps.get_yscale() == "log"
    assert note in {text.get_text() for text in fig.texts}


def test_an_arrow_stands_where_some_have_not_generalised(drawn):
    df, _ = drawn
    delay = figure.draw(df).axes[1]
    open_ended = df[df["generalised"] < df["memorised"]]
    assert arrows(delay) == list(open_ended["delay"])


def test_an_arrow_stands_at_the_last_step_if_half_have_not_generalised():
    rare = [run(100, 3000 if seed == 1 else None, seed) for seed in SEEDS]
    df, _ = figure.data(table(*rare), **LIMITS)
    assert arrows(figure.draw(df).axes[0]) == [10_000]


def test_runs_that_never_memorise_leave_panels_that_say_so():
    df, note = figure.data(table(*(run(None, None, seed) for seed in SEEDS)), **LIMITS)
    fig = figure.draw(df, note)
    assert all("no run memorises" in {t.get_text() for t in ax.texts} for ax in fig.axes)


def test_it_is_drawn_from_a_file(tmp_path):
    path = tmp_path / "study.parquet"
    parquet.write(path, table(*(run(100, 1000, seed) for seed in SEEDS)))
    outputs = {kind: tmp_path / f"figure.{kind}" for kind in ("pdf", "png", "csv")}
    options = [f"--{kind}={path}" for kind, path in outputs.items()]
    figure.main(["--data", str(path), "--title-note", "made up", *options])
    written = pd.read_csv(outputs["csv"])
    assert written["delay"].item() == pytest.approx(1, abs=0.1)
    assert all(path.stat().st_size for path in outputs.values())
