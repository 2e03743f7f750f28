"""Every figure fits a page, can be read there, and can be read in grey: ``faults`` finds none."""

import importlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from latephase.drawing import layout, style
from latephase.runs import declared
from latephase.runs.columns import DECAY, OPTIMIZER
from latephase.storage import parquet
from tests.analysis.grokking_runs import run
from tests.analysis.grokking_runs import table as grokking
from tests.analysis.test_forecast import ONSETS, SEEDS
from tests.analysis.test_forecast import study as foretold
from tests.analysis.test_intervened import COMPARISON
from tests.analysis.test_intervened import study as moved
from tests.analysis.test_lead_lag import study as changes
from tests.figures.look import faults
from tests.figures.test_any_study import study
from tests.figures.test_catalog_figures import make, one_of_each_call
from tests.figures.test_sakamoto2026_thm41 import with_gaps
from tests.papers.sakamoto2026 import synthetic
from tests.papers.sakamoto2026.test_clock import clocked

ROOT = Path(__file__).parents[2]


def of_zhao2026(name):
    """A figure as the catalog calls it, on random numbers."""
    return lambda folder: make("figures", name, lambda table: table, folder)


def of_tables(program, options=None, **tables):
    """A figure of tables: ``data``, those ``beside``, ``margins``."""

    def call(folder):
        words = ["--title-note", "made up " * 30, "--options", json.dumps(options or {})]
        for key, made in tables.items():
            made = made() if callable(made) else made
            named = made if isinstance(made, dict) else {key: made}
            words.append(f"--{key}")
            for name, table in named.items():
                parquet.write(folder / f"{name}.parquet", table)
                words.append(str(folder / f"{name}.parquet"))
        words += [f"--{kind}={folder / f'figure.{kind}'}" for kind in ("pdf", "png", "csv")]
        importlib.import_module(f"scripts.figures.{program}").main(words)

    return call


def decays():
    return synthetic.diverge(synthetic.study_table(decays=(0.3, 0.1, 0.03)), "0.1-43", 3000)


def margins():
    own = decays()
    return synthetic.margins_table(own[own[DECAY] == 0.1], steps=(500, 100_000), pairs=((4, 5),))


def arms():
    steps = np.array([0, 1, 10, 100, 1000])
    frames = [
        pd.DataFrame(
            {
                "run": arm,
                "seed": 1,
                "step": steps,
                "diverged_at": np.nan,
                "arm": arm,
                "loss_train": 2 / (1 + steps),
                "relative_flatness": 30.0 / (1 + steps),
            }
        )
        for arm in ("away", "baseline", "encouraged")
    ]
    return pd.concat(frames)


def delayed():
    never = [run(100, None, seed, decay=0.1) for seed in range(1, 4)]
    return grokking(*(run(100, 1000, seed, lr=lr) for seed in range(1, 4) for lr in (0.1, 0.01)),
                    *never, run(None, None, 4))  # fmt: skip


def gaps():
    return with_gaps(synthetic.study_table(decays=(0.3, 0.1)))


ALSO = ("nc1_pinv", "relative_flatness", "relative_flatness_bound", "hessian_trace_last_layer",
        "weight_norm_last_layer")  # fmt: skip


def with_more(table):
    """Arms with more measures, as many as the figure of the atlas shows."""
    return table.assign(**dict.fromkeys(ALSO, 1.0))


ACCURACY = {"metrics": ["accuracy_test", "rnc1", "nc2_condition"], "first_step": 10,
            "by": [DECAY], "dashed": {"accuracy_test": "accuracy_train"}}  # fmt: skip
MANY = study(optimizers=("adam", "adamw", "sgd", "signum", "mine"))
WIDE = {name: f"{name} that is described at length" for name in ("one", "two")}
CALLS = {
    "atlas_forecast": of_tables(
        "atlas_forecast",
        data={"weight_decay_mlp": foretold().rename(columns={"exact": "relative_flatness"})},
        beside={
            name: foretold({key: at for key, at in ONSETS.items() if key[1] in seeds}).rename(
                columns={"noise": "nc0_normalized", "clock": "nhsic_difference"}
            )
            for name, seeds in (
                ("weight_decay_mlp_fashion_mnist", SEEDS),
                ("grokking_modular", SEEDS[:3]),
                ("weight_decay_cnn", SEEDS),
            )
        },
    ),
    "atlas_interventions": of_tables(
        "atlas_interventions",
        {
            "measures": ["cdnv", "rnc1", *ALSO],
            "comparisons": [
                COMPARISON | {"name": WIDE[study], "study": study} for study in ("one", "two")
            ],
        },
        data={"one": with_more(moved(cdnv=1.0, rnc1=0.01))},
        beside={"two": with_more(moved(accuracy=0.8))},
    ),
    "atlas_grokking_delay": of_tables("atlas_grokking_delay", {"stay": 1}, data=delayed),
    "atlas_lead_lag": of_tables(
        "atlas_lead_lag",
        data={"weight_decay_mlp": changes(cdnv=100, rnc1=3162)},
        beside={
            "weight_decay_mlp_fashion_mnist": changes(cdnv=3162, nc2_etf=None),
            "grokking_modular": changes(nhsic_difference=100),
            "weight_decay_cnn": changes(hessian_trace_last_layer=3162),
        },
    ),
    "atlas_overview": of_tables("atlas_overview", data=decays),
    "han2025_prop53": of_tables("han2025_prop53", data=arms),
    "margins": of_tables("margins", data=decays, margins=margins),
    "over_time": of_tables("over_time", ACCURACY, data=decays),
    "over_time stacked": of_tables("over_time", ACCURACY | {"stacked": True}, data=decays),
    "over_time across": of_tables(
        "over_time", {"by": [DECAY], "across": OPTIMIZER, "metrics": ["nc0", "rnc1"]}, data=MANY
    ),
    "over_time of names": of_tables(
        "over_time",
        {"by": ["run"], "metrics": ["accuracy_test", "nc0", "rnc1", "nc3_duality"]},
        data=study(decays=(0.0, 0.001, 0.01, 0.1, 1.0), seeds=(1, 2, 3, 4)),
    ),
    "sakamoto2026_clock": of_tables(
        "sakamoto2026_clock",
        data={"pure": clocked(lambda decay: 2000 / decay / 3)},
        beside={
            "floor": clocked(
                lambda decay: 1 / (0.5e-3 * decay + 1e-3) / 3, decays=(1.5, 0.8, 0.4, 0.2, 0.0)
            )
        },
    ),
    "sakamoto2026_thm41": of_tables("sakamoto2026_thm41", data=gaps),
} | {name: of_zhao2026(name) for kind, name in one_of_each_call() if kind == "figures"}


@pytest.fixture
def kept(monkeypatch):
    """The figures that are saved, and the programs that saved them."""
    figures = []
    monkeypatch.setattr(style, "save", lambda fig, pdf, png: figures.append(fig))
    return figures


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_is_without_fault(name, kept, tmp_path):
    CALLS[name](tmp_path)
    (fig,) = kept
    assert faults(fig) == []
    said = style.head(fig)[style.RUNS]
    assert said.startswith(("All ", "The one run")) or " left out: " in said


def test_every_program_is_among_them():
    by_program = {name.split()[0] for name in CALLS}
    catalog = {"by_weight_decay", "by_all_hyperparameters", "metric_against_metric"}
    assert {*declared.modules_in(ROOT / "scripts/figures")} - by_program <= catalog


@pytest.fixture
def fig():
    with style.style():
        made = layout.grid(1, 2)
        for ax in made.panels.flat:
            ax.plot([1, 10], [1, 10], "o-", color="red")
        style.title(made.figure, "Title", "note")
        yield made.figure


def test_a_plain_figure_has_no_fault(fig):
    assert faults(fig) == []


def test_a_wide_figure_is_found():
    with style.style():
        assert faults(Figure(figsize=(8, 2))) == ["8.00 in wide, not 7.0"]


def test_small_letters_and_small_exponents_are_found(fig):
    fig.axes[0].set_xlabel("small", fontsize=5.5)
    fig.axes[1].set_xlabel("$10^2$", fontsize=8)
    found = faults(fig)
    assert ["5.5 pt" in found[0], "5.6 pt" in found[1], len(found)] == [True, True, 2]


def test_a_text_on_another_or_beyond_the_edge_is_found(fig):
    fig.axes[0].text(0, 1, "here", transform=fig.axes[0].transAxes)
    fig.axes[0].text(0.05, 1, "there", transform=fig.axes[0].transAxes)
    fig.axes[1].set_ylabel("a label that is longer than the figure is tall")
    told = " ".join(faults(fig))
    assert "'here' is on panel 0 'there'" in told
    assert "beyond the edge" in told


def test_an_end_without_a_label_is_found(fig):
    fig.axes[0].set_xscale("log")
    fig.axes[0].set_xlim(0.3, 30)
    assert faults(fig) == [f"panel 0: no label at end {end} of x" for end in (0, 1)]


def test_lines_that_only_their_colours_tell_apart_are_found(fig):
    fig.axes[1].plot([1, 10], [10, 1], "o-", color="blue")
    assert "2 colours" in faults(fig)[0]
    fig.axes[1].lines[1].set_linestyle("--")
    assert faults(fig) == []
