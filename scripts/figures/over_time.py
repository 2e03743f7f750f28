"""Metrics against step, a line an optimizer or a value of an axis (zhao2026, Figs. 4, 6, 7, 9, …).

Mean and 95 % bootstrap interval over seeds. A cross stands where a run was last measured before it
diverged.
"""

import argparse

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas.api.types import is_list_like

from latephase import labels, plots
from latephase.analysis import before_divergence
from latephase.errors import UserError, reporting
from scripts.figures import parser, read, several, write

FIRST_STEP = 1
LOGARITHMIC = ("loss", "nc0", "nc1", "weight_singular_value_min")
"""How the names of metrics begin that are drawn on a logarithmic axis."""
ACROSS = 3  # panels in a row, where no column of the table says which stand there


def data(
    table: pd.DataFrame, by: list[str], metrics: list[str], across: str | None = None
) -> pd.DataFrame:
    """What is drawn: metric, mark ("line" or "diverged"), the keys, step, mean, low, high, n.

    The keys are ``across`` and ``by``: columns of the table.

    Raises UserError where runs lack one of these, or a seed has several at one value of all.
    """
    keys = [across, *by] if across else by
    if across in by:
        raise UserError(f"--across {across}: stands under --by too; allowed: another column")
    for key in keys:
        if table[key].isna().any() or is_list_like(table[key].iloc[0]):
            raise UserError(
                f"--by, --across: {key} is not of every run; allowed: what they all have"
            )
    if table.groupby([*keys, "seed"])["run"].nunique().max() > 1:
        told = ",".join(by)
        raise UserError(f"--by {told}: a seed has several runs at one of its values; allowed: one")
    measured = before_divergence(table)
    measured = measured[measured["step"] >= FIRST_STEP]
    frames = []
    for metric in metrics:
        line = plots.summarise(measured, "step", metric, keys)
        frames.append(line.assign(metric=metric, mark="line"))
        cross = plots.divergences(measured, metric)[[*keys, "step", metric]]
        cross = cross.rename(columns={metric: "mean"}).assign(n=1)
        frames.append(cross.assign(metric=metric, mark="diverged"))
    columns = ["metric", "mark", *keys, "step", "mean", "low", "high", "n"]
    return plots.stacked(frames)[columns]


def chosen(table: pd.DataFrame, conditions: dict[str, list[str]]) -> pd.DataFrame:
    """The rows that have, in each column named, one of the values told.

    Raises UserError for a value that the column has not.
    """
    whole = table
    for column, values in conditions.items():
        known = list(whole[column].dropna().unique())
        kept = []
        for value in values:
            found = [here for here in known if is_told(value, here)]
            if not found:
                allowed = ", ".join(v if isinstance(v, str) else labels.value(v) for v in known)
                raise UserError(f"--only {column} is {value}; allowed: {allowed}")
            kept += found
        table = table[table[column].isin(kept)]
    if table.empty:
        raise UserError(f"--only {', '.join(conditions)}: no run has all of it; allowed: some run")
    return table


def is_told(text: str, value: object) -> bool:
    """Whether a text tells a value: a number as it may be written, a name as it is or is shown."""
    try:
        if isinstance(value, str):
            return text in (value, labels.value(value))
        return float(text) == value
    except ValueError:
        return False


def draw(
    df: pd.DataFrame, by: list[str], metrics: list[str], across: str | None = None, note: str = ""
) -> Figure:
    """A panel a metric over one axis of steps; with ``across`` a row a metric, a column a value."""
    line = pd.MultiIndex.from_frame(df[by]) if len(by) > 1 else df[by[0]]
    palette = colours(line)
    df = df.assign(line=line.to_numpy())
    columns = labels.ordered(df[across]) if across else []
    wide = len(columns) or (2 if len(metrics) == 4 else min(len(metrics), ACROSS))
    rows = len(metrics) if across else -(-len(metrics) // ACROSS)
    with plots.style():
        size = (2.1 * wide + 2.4, 2.1 * rows + 0.9) if across else (9.4, 2.5 * rows + 0.9)
        share = "row" if across else False
        fig = Figure(figsize=size)
        axes = fig.subplots(rows, wide, sharex=True, sharey=share, squeeze=False)
        cells = [(metric, column) for metric in metrics for column in columns or [None]]
        for ax, (metric, column) in zip(axes.flat, cells, strict=False):
            part = df[df["metric"] == metric]
            panel(ax, part if column is None else part[part[across] == column], metric, palette)
            if column in (None, *columns[:1]):
                ax.set_ylabel(labels.metric(metric))
            if column is not None and metric == metrics[0]:
                ax.set_title(labels.titled(across, column), loc="left")
        for ax in axes.flat[len(cells) :]:
            ax.set_axis_off()
        for ax in axes.flat[max(len(cells) - wide, 0) : len(cells)]:
            ax.set_xlabel("step")
            ax.tick_params(labelbottom=True)
        plots.log_step_axis(axes[0, 0], df["step"].max(), FIRST_STEP)
        handles = [
            Line2D([], [], color=colour, label=label(value)) for value, colour in palette.items()
        ]
        if (df["n"] > 1).any():
            band = {"color": "0.3", "alpha": 0.25, "linewidth": 7}
            handles.append(Line2D([], [], label="95 % interval", **band))
        named = ", ".join(labels.AXES.get(column, column) for column in by)
        title = None if by == ["optimizer.name"] else named
        fig.legend(handles=handles, loc="outside right center", title=title)
        plots.title(fig, f"Over time, by {' and '.join(named.split(', '))}", note)
    return fig


def panel(ax: Axes, part: pd.DataFrame, metric: str, palette: dict) -> None:
    """Lines, intervals and crosses of one metric."""
    plots.mean_and_interval(ax, part[part["mark"] == "line"], "step", "line", palette)
    plots.mark_divergences(ax, part[part["mark"] == "diverged"], "step", "mean", "line", palette)
    if metric.startswith(LOGARITHMIC):
        plots.log_value_axis(ax)
    if metric.startswith("accuracy"):
        plots.percent_axis(ax)


def colours(values: pd.Series | pd.MultiIndex) -> dict:
    """A colour a value: an optimizer's own, else by order."""
    present = sorted(set(values))
    if set(present) & set(labels.OPTIMIZERS):
        return {name: labels.colour(name) for name in labels.ordered(present)}
    order = plots.ordered_palette(np.arange(len(present)))
    return dict(zip(present, order.values(), strict=True))


def label(value: object) -> str:
    """What the legend says of a line."""
    return ", ".join(map(labels.value, value if isinstance(value, tuple) else [value]))


def conditions(text: str) -> dict[str, list[str]]:
    """``column=value,value``, several with ``;`` between them, as values by column."""
    parts = [part.partition("=") for part in text.split(";")]
    if not all(equals for _, equals, _ in parts):
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: column=value,value;column=value")
    return {column.strip(): several(values) for column, _, values in parts}


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--by", type=several, required=True, metavar="A,B,…", help="columns that tell lines apart"
    )
    arguments.add_argument("--across", help="a column whose values stand side by side")
    arguments.add_argument(
        "--only", type=conditions, default={}, help="COLUMN=VALUE,…;…: leave out other runs"
    )
    arguments.add_argument("--metrics", type=several, required=True, metavar="A,B,…")
    args = arguments.parse_args(argv)
    across = [args.across] if args.across else []
    needed = ["run", "step", "seed", "diverged_at", *args.by, *across, *args.only]
    table = chosen(read(args.table, needed, args.metrics), args.only)
    df = data(table, args.by, args.metrics, args.across)
    write(draw(df, args.by, args.metrics, args.across, args.title_note), df, args)


if __name__ == "__main__":
    with reporting():
        main()
