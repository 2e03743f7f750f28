"""Draw metrics against step, with a line for each value of one or more columns of the data.

A line is the mean over seeds, and a band is a bootstrap interval, of 95 % if there are five seeds
or more. A cross is where a run was last measured before it diverged.
"""

from collections.abc import Hashable, Mapping
from types import MappingProxyType

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas.api.types import is_list_like

from latephase.analysis import divergence, seeds
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import (
    is_logarithmic,
    linear_step_axis,
    log_step_axis,
    log_value_axis,
    percent_axis,
)
from latephase.errors import UserError, reporting
from latephase.runs.columns import OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {
    "by": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "format": "column"},
    },
    "metrics": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "format": "metric"},
    },
    "across": {"type": ["string", "null"], "format": "column", "default": None},
    "only": {
        "type": "object",
        "propertyNames": {"format": "column"},
        "additionalProperties": {
            "type": "array",
            "minItems": 1,
            "items": {"type": ["number", "string"]},
        },
        "default": {},
    },
    "dashed": {
        "type": "object",
        "propertyNames": {"format": "metric"},
        "additionalProperties": {"type": "string", "format": "metric"},
        "default": {},
    },
    "stacked": {"type": "boolean", "default": False},
    "first_step": {"type": "integer", "minimum": 1, "default": 1},
    "linear": {"type": "boolean", "default": False},
}
"""``by``: the columns that tell lines apart. ``across``: a column of the data; each of its values
has a column of panels. ``only``: by column, the values of the runs that are drawn. ``dashed``: by
metric, another metric that its panel also shows, in dashes. ``stacked``: whether panels are below
each other. ``first_step``: where the axis of steps begins. ``linear``: whether that axis is linear
and not logarithmic.
"""
COLUMNS = ("run", "step", "seed", "diverged_at")
DASHES = (0, (4, 2))
ACROSS = 3
"""The largest number of panels in a row."""
Looks = Mapping[Hashable, series.Look]
"""The look of each line."""


def data(
    table: pd.DataFrame,
    by: list[str],
    metrics: list[str],
    across: str | None = None,
    first_step: int = 1,
) -> pd.DataFrame:
    """What is drawn: metric, mark ("line" or "diverged"), the keys, step, mean, low, high, n.

    The keys are ``across`` and ``by``, which are columns of the table.

    Raises UserError if a run lacks one of these, or if they do not tell the runs of a seed apart.
    """
    keys = [across, *by] if across else by
    if across in by:
        raise UserError(
            f"options.across is {across!r}, which options.by also names; allowed: another column"
        )
    for key in keys:
        if table[key].isna().any() or is_list_like(table[key].iloc[0]):
            option = "across" if key == across else "by"
            raise UserError(
                f"options.{option} names {key!r}, for which not every run has one value; "
                "allowed: a column with one value for each run"
            )
    if table.groupby([*keys, "seed"])["run"].nunique().max() > 1:
        raise UserError(
            f"options.by names {', '.join(by)}: a seed has several runs at one of its values; "
            "allowed: columns that distinguish the runs of a seed"
        )
    measured = divergence.before_divergence(table)
    measured = measured[measured["step"] >= first_step]
    frames = []
    for metric in metrics:
        line = seeds.summarise(measured, "step", metric, keys)
        frames.append(line.assign(metric=metric, mark="line"))
        cross = divergence.last_before(measured, metric)[[*keys, "step", metric]]
        cross = cross.rename(columns={metric: "mean"}).assign(n=1)
        frames.append(cross.assign(metric=metric, mark="diverged"))
    columns = ["metric", "mark", *keys, "step", "mean", "low", "high", "n"]
    return seeds.stacked(frames)[columns]


def chosen(table: pd.DataFrame, only: dict[str, list]) -> pd.DataFrame:
    """The rows that have one of the values that ``only`` gives, in each column that it names.

    Raises UserError for a value that is not in its column, and if no run is left.
    """
    kept = table
    for column, values in only.items():
        if table[column].map(is_list_like).any():
            raise UserError(
                f"options.only.{column} has lists for values; allowed: a column of numbers or texts"
            )
        known = list(table[column].dropna().unique())
        for value in values:
            if not any(here == value for here in known):
                allowed = ", ".join(v if isinstance(v, str) else names.value(v) for v in known)
                raise UserError(f"options.only.{column} names {value!r}; allowed: {allowed}")
        kept = kept[kept[column].isin(values)]
    if kept.empty:
        raise UserError(
            f"options.only: no run has all of these values ({', '.join(only)}); "
            "allowed: values that some run has"
        )
    return kept


def draw(
    df: pd.DataFrame,
    by: list[str],
    metrics: list[str],
    across: str | None = None,
    note: str = "",
    *,
    dashed: Mapping[str, str] = MappingProxyType({}),
    stacked: bool = False,
    first_step: int = 1,
    linear: bool = False,
) -> Figure:
    """A panel for each metric, over one axis of steps.

    With ``across``, a row for each metric and a column for each value.
    """
    line = pd.MultiIndex.from_frame(df[by]) if len(by) > 1 else df[by[0]]
    looks = series.of_optimizers(line) if by == [OPTIMIZER] else series.by_order(line)
    df = df.assign(line=line.to_numpy())
    columns = names.ordered(df[across]) if across else []
    with style.style():
        wide = 1 if stacked and not across else ACROSS
        rows = (len(metrics), len(columns) or 1) if across else (1, len(metrics))
        look = {"height": 2.1 if wide > 1 and not across else 1.8, "share_x": "all"}
        made = layout.grid(*rows, most=wide, share_y="row" if across else "none", **look)
        fig, axes = made.figure, made.panels
        cells = [(metric, column) for metric in metrics for column in columns or [None]]
        for ax, (metric, column) in zip(axes.flat, cells, strict=True):
            here = df if column is None else df[df[across] == column]
            panel(ax, here, metric, looks, dashed.get(metric))
            called = names.metric(metric)
            if wide > 1 and not across:
                ax.set_title(layout.wrapped(called, 1.9), loc="left")
            elif ax in made.first():
                ax.set_ylabel(layout.wrapped(called, 1.3))
            if column is not None and metric == metrics[0]:
                ax.set_title(names.titled(across, column), loc="left")
        # This comes last, because panels that share an axis need room for what each of them shows.
        for ax, (metric, _) in zip(axes.flat, cells, strict=False):
            if is_logarithmic(metric):
                log_value_axis(ax)
        for ax in made.lowest():
            ax.set_xlabel("step")
        step_axis = linear_step_axis if linear else log_step_axis
        step_axis(axes[0, 0], df["step"].max(), first_step)
        named = ", ".join(names.AXES.get(column, column) for column in by)
        layout.legend(fig, legend(df, looks, dashed), None if by == [OPTIMIZER] else named)
        style.title(fig, f"Over time, by {' and '.join(named.split(', '))}", note)
    return fig


def panel(ax: Axes, df: pd.DataFrame, metric: str, looks: Looks, dashed: str | None) -> None:
    """Lines, intervals and crosses of one metric, and of another one in dashes."""
    strokes = {dashed: {"linestyle": DASHES, "linewidth": 1.2}} if dashed else {}
    for shown, line in (strokes | {metric: {}}).items():
        part = df[df["metric"] == shown]
        marks.mean_and_interval(ax, part[part["mark"] == "line"], "step", "line", looks, **line)
        marks.divergences(ax, part[part["mark"] == "diverged"], "step", "mean", "line", looks)
    values = df.loc[df["metric"].isin([metric, dashed]), "mean"]
    marks.say_if_empty(ax, values, is_logarithmic(metric), "not measured")
    if metric.startswith("accuracy"):
        percent_axis(ax)


def legend(df: pd.DataFrame, looks: Looks, dashed: Mapping[str, str]) -> list[Line2D]:
    """The legend: the lines, then what dashes, crosses and bands mean."""
    handles = [series.handle(look, label(value)) for value, look in looks.items()]
    for metrics, dashes in ((dashed, "-"), (dict.fromkeys(dashed.values()), DASHES)):
        if metrics:
            named = ",\n".join(map(names.short_metric, metrics))
            handles.append(Line2D([], [], color="0.3", linestyle=dashes, label=named))
    if (df["mark"] == "diverged").any():
        handles.append(marks.legend_of_divergence())
    if (df["n"] > 1).any():
        alone = (df[df["mark"] == "line"].groupby("line")["n"].max() == 1).any()
        told = " (one seed: no band)" if alone else ""
        handles.append(marks.legend_of_band(seeds.interval_of(df["n"]) + told))
    return handles


def label(value: object) -> str:
    """The text of a line in the legend."""
    return ", ".join(map(names.value, value if isinstance(value, tuple) else [value]))


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    by, metrics, across = (args.options[name] for name in ("by", "metrics", "across"))
    only, dashed, first = (args.options[name] for name in ("only", "dashed", "first_step"))
    for metric in dashed:
        if metric not in metrics:
            allowed = ", ".join(metrics)
            raise UserError(f"options.dashed names {metric!r}; allowed: {allowed}")
    keys, every = [*by, across] if across else by, [*dict.fromkeys([*metrics, *dashed.values()])]
    table = read(args.data, [*COLUMNS, *keys, *only], every)
    kept = chosen(table, only)
    df = data(kept, by, every, across, first)
    look = {name: args.options[name] for name in ("dashed", "stacked", "first_step", "linear")}
    others = "with " + " or ".join(f"another {names.AXES.get(name, name)}" for name in only)
    runs = left_out.but(table, set(kept["run"]), others)
    write(draw(df, by, metrics, across, args.title_note, **look), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
