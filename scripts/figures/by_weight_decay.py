"""Draw metrics at the end of training against weight decay, with a line for each optimizer.

A line is the mean over learning rates, momenta and seeds of the runs that reach the training
accuracy ``fitted``, and a band is their standard deviation. If trainings have several lengths, each
length has a line, which is dashed except for the longest. Hollow marks are published values.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import final_rows
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import is_logarithmic, log_value_axis, zero_log_axis
from latephase.errors import UserError, reporting
from latephase.runs.columns import DECAY, OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import PRINTED, read, read_published

OPTIONS = {
    "optimizers": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "format": "optimizer"},
    },
    "metrics": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "format": "metric"},
        "default": ["nc0", "nc3_duality"],
    },
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
}
COLUMNS = (
    "run",
    "step",
    "diverged_at",
    "accuracy_train",
    "optimizer.name",
    "optimizer.weight_decay",
)
PUBLISHED = ["optimizer", "weight_decay"]
ALSO_PUBLISHED = ["nc0", "nc1", "nc2", "nc3", "relative_error"]
"""Metrics of :data:`scripts.reading.PRINTED`, and ``relative_error``, which the legend shows."""
HOLLOW = {"linestyle": "none", "markersize": 6, "markerfacecolor": "none"}
HEIGHT = 2.4
"""The height of a row of panels in inches."""
DRAWN = ["metric", "source", "optimizer", "steps", "weight_decay", "mean", "sd", "n"]


def data(
    table: pd.DataFrame,
    optimizers: list[str],
    metrics: list[str],
    published: pd.DataFrame | None = None,
    fitted: float = 0.99,
) -> tuple[pd.DataFrame, str]:
    """What is drawn, and in words which runs are left out.

    There is a row for each metric, source, optimizer, length and decay. The source is "trained" or
    "published". Published values are single values, without steps, deviation and n.

    Raises UserError for an optimizer that is not in the table.
    """
    known = names.ordered(table[OPTIMIZER])
    for name in optimizers:
        if name not in known:
            allowed = ", ".join(known)
            raise UserError(
                f"options.optimizers names {name!r}, which is not in the study; allowed: {allowed}"
            )
    table = table[table[OPTIMIZER].isin(optimizers)]
    if "steps" not in table:  # All runs have one length, so it is no column of the study.
        table = table.assign(steps=table["step"].max())
    last, _ = final_rows.fitted(table, fitted)
    frames = []
    for metric in metrics:
        cells = last.groupby([OPTIMIZER, "steps", DECAY])[metric]
        values = cells.agg(["mean", "std", "count"]).reset_index()
        values = values.set_axis([*DRAWN[2:]], axis=1)
        frames.append(values.assign(metric=metric, source="trained"))
        name = PRINTED.get(metric)
        if published is not None and name in published:
            printed = published[published["optimizer"].isin(optimizers)]
            printed = printed.rename(columns={name: "mean"})[["optimizer", "weight_decay", "mean"]]
            frames.append(printed.assign(metric=metric, source="published"))
    df = pd.concat(frames, ignore_index=True).reindex(columns=DRAWN)
    return df, left_out.below(table, last["run"], fitted)


def draw(
    df: pd.DataFrame,
    optimizers: list[str],
    metrics: list[str],
    note: str = "",
    within: float = np.nan,
) -> Figure:
    """A panel for each metric, with a line for each optimizer that has runs that count.

    ``within`` is the relative error of the published values. The legend shows it.
    """
    looks, longest = series.of_optimizers(optimizers), df["steps"].max()
    with style.style():
        fig, panels = layout.grid(1, len(metrics), most=2, height=HEIGHT)
        for ax, metric in zip(panels.flat, metrics, strict=True):
            part = df[df["metric"] == metric]
            place = zero_log_axis(ax, part["weight_decay"])
            for optimizer, look in looks.items():
                own = part[part["optimizer"] == optimizer]
                for length, trained in own[own["source"] == "trained"].groupby("steps"):
                    x, dashes = place(trained["weight_decay"]), "-" if length == longest else "--"
                    marks.mean_and_deviation(ax, x, trained, look, dashes)
                printed = own[own["source"] == "published"]
                ax.plot(place(printed["weight_decay"]), printed["mean"], **(look.line | HOLLOW))
            logarithmic = is_logarithmic(metric)
            marks.say_if_empty(ax, part["mean"], logarithmic, "no run that counts was measured")
            if logarithmic:
                log_value_axis(ax)
            ax.set_xlabel("weight decay λ")
            ax.set_ylabel(layout.wrapped(names.metric(metric), HEIGHT - 0.6))
        layout.legend(fig, legend(df, looks, within))
        style.title(fig, "At the end of training, by weight decay", note)
    return fig


def legend(df: pd.DataFrame, looks: dict[str, series.Look], within: float) -> list[Line2D]:
    """The legend: optimizers, then what the strokes mean."""
    handles = [series.handle(look, names.value(name)) for name, look in looks.items()]
    lengths = sorted(df["steps"].dropna().unique())
    for length in lengths if len(lengths) > 1 else []:
        dashes = "-" if length == lengths[-1] else "--"
        handles.append(Line2D([], [], color="0.3", linestyle=dashes, label=f"{length:,.0f} steps"))
    if df["sd"].notna().any():
        handles.append(marks.legend_of_band("± 1 sd of runs"))
    if (df["source"] == "published").any():
        error = "" if np.isnan(within) else f", ± {100 * within:g} %"
        label = f"hollow: the paper{error}"
        handles.append(Line2D([], [], color="0.3", marker="o", label=label, **HOLLOW))
    return handles


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument("--published", type=Path, help="values that a paper shows")
    args = arguments.parse_args(argv)
    options, published, within = args.options, None, np.nan
    table = read(args.data, COLUMNS, options["metrics"])
    if args.published is not None:
        published = read_published(args.published, PUBLISHED)
        within = published.get("relative_error", pd.Series(dtype=float)).max()
    df, runs = data(table, published=published, **options)
    fig = draw(df, options["optimizers"], options["metrics"], args.title_note, within)
    write(fig, df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
