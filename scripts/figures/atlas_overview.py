"""Draw everything that is measured on one run, over one axis of steps: what leads, what follows?

The panels show accuracy, collapse, NC0, flatness and compression on the same checkpoints. The
onsets of memorisation and generalisation are lines through all panels.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latephase.analysis import events
from latephase.analysis.divergence import before_divergence
from latephase.drawing import layout, left_out, marks, series, style
from latephase.drawing.axes import log_step_axis, log_value_axis, percent_axis
from latephase.errors import UserError, reporting
from latephase.runs.columns import DECAY
from scripts.figures import one_run, parser, write
from scripts.reading import read

OPTIONS = {
    "weight_decay": {"type": ["number", "null"], "default": None},
    "seed": {"type": ["integer", "null"], "default": None},
    "first_step": {"type": "integer", "minimum": 1, "default": 10},
}
"""The run, by default that of the middle weight decay and the first seed, and the first step."""
COLUMNS = ("run", "step", "seed", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test")
"""What must be measured. If other metrics are missing, their panel says so."""


class Panel(NamedTuple):
    """A panel: the label of its axis, whether the axis is logarithmic, and labels by column."""

    label: str
    logarithmic: bool
    columns: dict[str, str]


PANELS = (
    Panel("accuracy", False, {"accuracy_train": "train", "accuracy_test": "test"}),
    Panel(
        "collapse",
        True,
        {
            "rnc1": "RNC1",
            "nc1_pinv": "NC1 (pinv)",
            "nc1_trace_ratio": "NC1 (trace ratio)",
            "cdnv": "CDNV",
        },
    ),
    Panel(
        "NC0",
        True,
        {
            "nc0": r"$\Vert W^\top 1 \Vert_2$",
            "nc0_normalized": r"$\Vert W^\top 1 \Vert_2 \,/\, \Vert W \Vert_F$",
        },
    ),
    Panel(
        "flatness",
        True,
        {"relative_flatness": "relative flatness", "relative_flatness_bound": "its upper bound"},
    ),
    Panel(
        "redundant\ninformation",
        False,
        {"nhsic_difference": "nHSIC(Z;X) −\nnHSIC(Z;Y)"},
    ),
)
ONSETS = {"memorisation": "accuracy_train", "generalisation": "accuracy_test"}
FITTED, FRACTION, STAY = 0.99, 0.95, 3
"""A run memorises at the training accuracy FITTED, and generalises at FRACTION of the best final
test accuracy of runs with as many training samples. STAY logs must hold these."""


def data(
    table: pd.DataFrame,
    *,
    weight_decay: float | None = None,
    seed: int | None = None,
    first_step: int = 10,
) -> pd.DataFrame:
    """What is drawn: run, weight decay, seed, mark, metric, step, value.

    ``mark`` is "line", "onset" (metric: memorisation or generalisation; value: the accuracy
    whose onset it is) or "diverged" (the step of divergence). A metric without any measured
    value has no rows, and neither has an onset that is censored. Raises UserError if no metric has
    rows.
    """
    run = one_run(table, weight_decay, seed)
    whole = table[table["run"] == run].sort_values("step")
    history = before_divergence(whole)
    levels = {
        "memorisation": FITTED,
        "generalisation": events.generalisation_levels(table, FRACTION, STAY)[run],
    }
    rows = []
    for name, column in ONSETS.items():
        event = events.onset(history["step"], history[column], levels[name], STAY)
        if not event.censored:
            rows.append(("onset", name, event.step, levels[name]))
    if whole["diverged_at"].notna().any():
        rows.append(("diverged", "", whole["diverged_at"].min(), np.nan))
    late = history[history["step"] >= first_step]
    for panel in PANELS:
        for column in panel.columns:
            if column in late:
                known = late.dropna(subset=column)
                values = zip(known["step"], known[column], strict=True)
                rows += [("line", column, step, value) for step, value in values]
    if not any(mark == "line" for mark, *_ in rows):
        raise UserError(
            f"--data: run {run} has no measurement from step {first_step} on; "
            "allowed: a study that has some"
        )
    df = pd.DataFrame(rows, columns=["mark", "metric", "step", "value"])
    first = whole.iloc[0]
    df.insert(0, "run", run)
    df.insert(1, DECAY, first.get(DECAY, np.nan))  # unknown, if other code trained the run
    df.insert(2, "seed", first["seed"])
    return df


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A column of panels over one axis of steps."""
    lines = df[df["mark"] == "line"]
    onsets = df[df["mark"] == "onset"]
    diverged = df[df["mark"] == "diverged"]
    with style.style():
        fig, panels = layout.grid(len(PANELS), 1, height=1.6, share_x="all")
        axes = list(panels.flat)
        for ax, panel in zip(axes, PANELS, strict=True):
            draw_panel(ax, panel, lines)
            for onset in onsets.itertuples():
                ax.axvline(onset.step, color="0.25", linewidth=1, linestyle=(0, (1, 1.5)))
            for end in diverged.itertuples():
                ax.axvline(end.step, color="firebrick", linewidth=1.2)
        log_step_axis(axes[0], df["step"].max(), lines["step"].min())
        label_times(axes[0], onsets, diverged)
        axes[-1].set_xlabel("step")
        fig.align_ylabels(axes)
        run = df.iloc[0]
        decay = "" if np.isnan(run[DECAY]) else f"weight decay {run[DECAY]:g}, "
        setting = f"{decay}seed {run['seed']}"
        style.title(fig, "One run: accuracy, collapse, NC0, flatness, compression", note, setting)
    return fig


def draw_panel(ax: Axes, panel: Panel, lines: pd.DataFrame) -> None:
    """The metrics of one panel, with its legend to the right, or words if nothing was measured."""
    ax.set_ylabel(panel.label)
    own = lines[lines["metric"].isin(panel.columns)]
    looks = series.of_categories(panel.columns)
    for place, (column, label) in enumerate(panel.columns.items()):
        line = own[own["metric"] == column]
        if len(line):
            stroke = looks[column].sparse(np.log10(line["step"]), place, len(looks))
            ax.plot(line["step"], line["value"], label=label, **stroke)
    marks.say_if_empty(ax, own["value"], panel.logarithmic, "not measured")
    if own.empty:
        ax.set_yticks([])
        return
    if panel.label == "accuracy":
        percent_axis(ax)
    elif panel.logarithmic:
        log_value_axis(ax)
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.03), borderaxespad=0)


def label_times(ax: Axes, onsets: pd.DataFrame, diverged: pd.DataFrame) -> None:
    """Names above the vertical lines. If a neighbour is too near, a name is one level higher."""
    names = [(row.step, row.metric, "0.25") for row in onsets.itertuples()]
    names += [(row.step, "diverged", "firebrick") for row in diverged.itertuples()]
    first, last = np.log10(ax.get_xlim())
    level, previous = 0, -np.inf
    for step, name, colour in sorted(names):
        near = np.log10(step) - previous < 0.18 * (last - first)
        level, previous = level + 1 if near else 0, np.log10(step)
        ax.annotate(
            f"{name}\n{step:,.0f}",
            (step, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 3 + 25 * level),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=style.SMALL,
            color=colour,
        )


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    table = read(args.data, COLUMNS, METRICS)
    df = data(table, **args.options)
    write(draw(df, args.title_note), df, args, left_out.all_but_one(table))


if __name__ == "__main__":
    with reporting():
        main()
