"""The general figures of any study: drawn with numbers on every axis, or a line says what lacks."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from latephase.runs.columns import BETA1, DECAY, LR, MOMENTUM, OPTIMIZER
from latephase.storage import parquet
from scripts.figures import (
    atlas_overview,
    by_all_hyperparameters,
    by_weight_decay,
    metric_against_metric,
    over_time,
)

STEPS = (0, 1, 10, 100, 1000)
PROGRAMS = {
    "over_time": (over_time, {"by": [DECAY], "metrics": ["nc0", "accuracy_test", "nc2_etf"]}),
    "over_time_across": (over_time, {"by": [OPTIMIZER], "across": DECAY, "metrics": ["nc0"]}),
    "over_time_by_axis": (over_time, {"by": ["model.widths"], "metrics": ["nc3_duality"]}),
    "by_weight_decay": (by_weight_decay, {"optimizers": ["adam"]}),
    "metric_against_metric": (metric_against_metric, {}),
    "accuracy_against_metric": (metric_against_metric, {"x": "nc2_etf", "y": "accuracy_test"}),
    "by_all_hyperparameters": (by_all_hyperparameters, {"metric": "nc0"}),
    "atlas_overview": (atlas_overview, {}),
    "over_time_in_dashes": (
        over_time,
        {"by": [DECAY], "metrics": ["accuracy_test"], "dashed": {"accuracy_test": "rnc1"}},
    ),
}


def study(steps=STEPS, decays=(0.0, 0.01, 0.1), seeds=(1, 2), optimizers=("adam",), **columns):
    """A study's data; ``columns`` are put over what it has."""
    rng = np.random.default_rng(0)
    rows = []
    for optimizer in optimizers:
        for decay in decays:
            for seed in seeds:
                for step in steps:
                    late = np.log10(step + 1) / 3
                    rows.append(
                        {
                            "run": f"{optimizer}-{decay}-{seed}",
                            "step": step,
                            "seed": seed,
                            "diverged_at": np.nan,
                            OPTIMIZER: optimizer,
                            LR: 0.01,
                            BETA1: 0.9,
                            DECAY: decay,
                            "accuracy_train": min(0.1 + late, 1.0),
                            "accuracy_test": 0.1 + 0.8 * late * rng.uniform(0.9, 1),
                            "nc0": 2 * 10 ** (-20 * decay * late) * rng.uniform(0.9, 1.1),
                            "nc2_etf": 0.8 - 0.2 * late,
                            "nc3_duality": 1.4 - late * rng.uniform(0.9, 1),
                            "rnc1": 10**-late,
                            "nc2_condition": 3.0 + late,
                        }
                    )
    return pd.DataFrame(rows).assign(**columns)


STUDIES = {
    "one optimizer": study(),
    "several": study(optimizers=("adam", "sgd", "mine")),
    "three steps": study(steps=(0, 5, 20)),
    "two near steps": study(steps=(0, 300, 600)),
    "the start alone": study(steps=(0,)),
    "one run": study(decays=(0.003,), seeds=(7,)),
    "decays near each other": study(decays=(0.02, 0.03, 0.04)),
    "far from each other": study(decays=(0.0, 1e-7, 1e-2, 5.0)),
    "widths for an axis": study(decays=(0.1,)).assign(**{"model.widths": "[100,100]"}),
    "no weight decay": study().drop(columns=DECAY),
    "another momentum": study().drop(columns=BETA1).assign(**{MOMENTUM: 0.9}),
    "no momentum": study().drop(columns=BETA1),
    "no optimizer's name": study().drop(columns=OPTIMIZER),
    "none fits": study(accuracy_train=0.5),
    "nothing measured": study(nc0=np.nan, nc2_etf=np.nan, nc3_duality=np.nan, rnc1=np.nan),
    "zeros": study(nc0=0.0, rnc1=0.0),
    "below zero": study(nc0=-1.0, nc3_duality=-1.0),
    "all the same": study(nc0=1.5, nc2_etf=0.5, nc3_duality=0.5, accuracy_test=0.8),
    "in a narrow range": study(nc0=np.linspace(3.2, 4.6, 30)),
    "very large and small": study(nc0=np.geomspace(1e-30, 1e30, 30)),
    "infinite": study(nc0=np.inf),
    "all diverged at once": study(diverged_at=1.0),
}


def drawn(program, options, table, folder, monkeypatch):
    kept = []
    monkeypatch.setattr(program, "write", lambda fig, df, args, runs: kept.append((fig, df)))
    parquet.write(folder / "study.parquet", table)
    words = [f"--data={folder / 'study.parquet'}", "--options", json.dumps(options)]
    program.main([*words, "--pdf=f.pdf", "--png=f.png", "--csv=f.csv"])
    return kept[0]


def has_numbers(axis):
    """Whether an axis has a tick with a number within what it shows."""
    low, high = sorted(axis.get_view_interval())
    labels = zip(axis.get_majorticklocs(), axis.get_major_formatter().format_ticks(
        axis.get_majorticklocs()), strict=True)  # fmt: skip
    return any(low <= place <= high and re.search(r"\d", text) for place, text in labels)


@pytest.mark.parametrize("called", STUDIES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_drawn_or_told(name, called, tmp_path, monkeypatch):
    program, options = PROGRAMS[name]
    try:
        fig, _ = drawn(program, options, STUDIES[called], tmp_path, monkeypatch)
    except UserError as error:
        told = str(error).replace(str(tmp_path), "")
        assert told.isprintable()
        assert len(told) < 200, told
        assert "allowed:" in told or "is missing" in told, told
        return
    fig.draw_without_rendering()
    panels = [ax for ax in fig.axes if ax.axison and ax.get_subplotspec() is not None]
    assert panels
    for ax in panels:
        texts = " ".join(text.get_text() for text in ax.texts)
        lines = [line for line in ax.lines if np.isfinite(line.get_xydata()).all(axis=1).any()]
        seen = [
            line
            for line in lines
            if ax.get_yscale() != "log" or (np.asarray(line.get_ydata(), dtype=float) > 0).any()
        ]
        shown = [len(line.get_xdata()) > 1 or line.get_marker() != "None" for line in seen]
        assert all(shown), "a line of one point has no mark"
        assert seen or texts, "an empty panel does not say why"
        if "not measured" in texts and not len(ax.get_yticks()):
            continue  # where nothing is, the overview has no scale
        assert has_numbers(ax.xaxis), ax.get_xlim()
        assert has_numbers(ax.yaxis), ax.get_ylim()


EXPECTED = {
    ("by_weight_decay", "one optimizer"),
    ("by_weight_decay", "three steps"),
    ("by_all_hyperparameters", "another momentum"),
    ("over_time_by_axis", "widths for an axis"),
    ("over_time_across", "one optimizer"),
    ("metric_against_metric", "none fits"),
}


@pytest.mark.parametrize(("name", "called"), sorted(EXPECTED))
def test_these_are_drawn(name, called, tmp_path, monkeypatch):
    program, options = PROGRAMS[name]
    drawn(program, options, STUDIES[called], tmp_path, monkeypatch)
