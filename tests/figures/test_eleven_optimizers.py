"""Optimizers of one's own beside all that are listed: every figure draws each in its own colour."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from latephase.drawing import names
from latephase.runs.columns import COUPLED_DECAY, HEAD, OPTIMIZER
from latephase.storage import parquet
from scripts.figures import (
    by_all_hyperparameters,
    by_weight_decay,
    metric_against_metric,
    over_time,
    zhao2026_fig2,
    zhao2026_fig29,
    zhao2026_modern,
)
from scripts.tables import by_optimizer
from tests.papers.zhao2026.optimizer_runs import runs

OWN = ["mine", "yours"]
PRESENT = [*names.OPTIMIZERS, *OWN]
PUBLISHED = "lr,n,slope,r_squared\nall,9,0.2,0.7\n"
IN_COLOURS = [
    (by_weight_decay, {"optimizers": PRESENT}),
    (metric_against_metric, {}),
    (over_time, {"by": [OPTIMIZER], "metrics": ["nc0"]}),
    (zhao2026_fig2, {}),
]
IN_PANELS = [
    (by_all_hyperparameters, {"metric": "nc0"}),
    (zhao2026_fig29, {}),
    (zhao2026_modern, {}),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    table = runs(lambda *_: 0.0, PRESENT, (0.9,)).query("`optimizer.weight_decay` == 0")
    table = table.assign(**{COUPLED_DECAY: 0.0, HEAD: None})
    for spectrum in ("weight_spectrum", "means_spectrum"):
        table[spectrum] = [np.array([2.0, 1.0])] * len(table)
    folder = tmp_path_factory.mktemp("study")
    parquet.write(folder / "table.parquet", pd.concat([table, table.assign(step=10)]))
    (folder / "published.csv").write_text(PUBLISHED)
    return folder


def drawn(program, options, files, monkeypatch):
    """What a program draws, as a figure."""
    kept = []
    monkeypatch.setattr(program, "write", lambda fig, df, args, runs: kept.append(fig))
    words = [f"--data={files / 'table.parquet'}", "--options", json.dumps(options)]
    words += ["--pdf=f.pdf", "--png=f.png", "--csv=f.csv"]
    if hasattr(program, "PUBLISHED") and program is not by_weight_decay:
        words.append(f"--published={files / 'published.csv'}")
    program.main(words)
    return kept[0]


@pytest.mark.parametrize(("program", "options"), IN_COLOURS)
def test_each_has_a_colour_of_its_own(program, options, files, monkeypatch):
    fig = drawn(program, options, files, monkeypatch)
    (legend,) = [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]
    lines = dict(zip((t.get_text() for t in legend.get_texts()), legend.get_lines(), strict=True))
    shown = {to_hex(lines[names.value(name)].get_color()) for name in PRESENT}
    assert len(shown) == len(PRESENT)
    on_axes = {to_hex(line.get_color()) for ax in fig.axes for line in ax.lines}
    assert shown <= on_axes


@pytest.mark.parametrize(("program", "options"), IN_PANELS)
def test_each_has_a_panel(program, options, files, monkeypatch):
    fig = drawn(program, options, files, monkeypatch)
    titles = [ax.get_title(loc="left").partition(",")[0] for ax in fig.axes]
    assert {*OWN} <= {*titles}


def test_rows_of_tables_are_in_the_same_order():
    df = pd.DataFrame({"optimizer": ["yours", "muon", "mine", "sgd"]})
    assert by_optimizer(df)["optimizer"].tolist() == ["sgd", "muon", "mine", "yours"]
