"""Metrics at the end of training against weight decay, by optimizer (zhao2026, Figs. 1, 3, 14, …).

Mean and standard deviation over learning rates, momenta and seeds of the runs that fit their
training set, as the paper draws them (--fitted: what counts as that); where runs were trained for
several lengths, a line each, dashed but for the longest. Hollow marks are the values read off the
paper's plots.
"""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase import finals, labels, plots
from latephase.errors import UserError, reporting
from scripts.figures import DECAY, parser, read, read_published, several, share, write

PRINTED = {"nc0": "nc0", "nc1_pinv": "nc1", "nc2_etf": "nc2", "nc3_duality": "nc3"}
"""What files of published values call the paper's own forms of the metrics."""
COLUMNS = ["metric", "source", "optimizer", "steps", "weight_decay", "mean", "sd", "n"]


def data(
    table: pd.DataFrame,
    optimizers: list[str],
    metrics: list[str],
    published: pd.DataFrame | None = None,
    fitted: float = finals.FITTED,
) -> tuple[pd.DataFrame, str]:
    """What is drawn, a row a metric, source, optimizer, length and decay; how many runs count.

    source is "trained" or "published" (one value each: no steps, no deviation, no n).

    Raises UserError for an optimizer that the table has not.
    """
    known = labels.ordered(table["optimizer.name"])
    for name in optimizers:
        if name not in known:
            raise UserError(f"--optimizers {name}: not in the study; allowed: {', '.join(known)}")
    table = table[table["optimizer.name"].isin(optimizers)]
    if "steps" not in table:  # One length: not a column of the study.
        table = table.assign(steps=table["step"].max())
    last, counted = finals.fitted(table, fitted)
    frames = []
    for metric in metrics:
        cells = last.groupby(["optimizer.name", "steps", DECAY])[metric]
        values = cells.agg(["mean", "std", "count"]).reset_index()
        values = values.set_axis([*COLUMNS[2:]], axis=1)
        frames.append(values.assign(metric=metric, source="trained"))
        name = PRINTED.get(metric)
        if published is not None and name in published:
            printed = published[published["optimizer"].isin(optimizers)]
            printed = printed.rename(columns={name: "mean"})[["optimizer", "weight_decay", "mean"]]
            frames.append(printed.assign(metric=metric, source="published"))
    return pd.concat(frames, ignore_index=True).reindex(columns=COLUMNS), counted


def draw(df: pd.DataFrame, optimizers: list[str], metrics: list[str], note: str = "") -> Figure:
    """A panel a metric, a line an optimizer; without any where no run of it fits."""
    optimizers, longest = labels.ordered(optimizers), df["steps"].max()
    with plots.style():
        fig = Figure(figsize=(3.4 * len(metrics) + 1.6, 3.6))
        axes = fig.subplots(1, len(metrics), squeeze=False)[0]
        for ax, metric in zip(axes, metrics, strict=True):
            part = df[df["metric"] == metric]
            place = plots.zero_log_axis(ax, part["weight_decay"])
            for optimizer in optimizers:
                own, colour = part[part["optimizer"] == optimizer], labels.colour(optimizer)
                for length, trained in own[own["source"] == "trained"].groupby("steps"):
                    x, style = place(trained["weight_decay"]), "-" if length == longest else "--"
                    mean, spread = trained["mean"], trained["sd"].fillna(0)
                    ax.plot(x, mean, style, color=colour, marker="o", markersize=4)
                    low = (mean - spread).clip(lower=mean / 10)
                    ax.fill_between(x, low, mean + spread, color=colour, alpha=0.15, lw=0)
                printed = own[own["source"] == "published"]
                ax.plot(
                    place(printed["weight_decay"]),
                    printed["mean"],
                    color=colour,
                    linestyle="none",
                    marker="D",
                    markersize=5,
                    markerfacecolor="none",
                )
            if metric in ("nc0", "nc1_pinv"):
                plots.log_value_axis(ax)
            ax.set_xlabel("weight decay λ")
            ax.set_ylabel(labels.metric(metric))
        fig.legend(handles=legend(df, optimizers), loc="outside right center")
        plots.title(fig, "At the end of training, by weight decay", note)
    return fig


def legend(df: pd.DataFrame, optimizers: list[str]) -> list[Line2D]:
    handles = [
        Line2D(
            [],
            [],
            color=labels.colour(name),
            marker="o",
            markersize=4,
            label=labels.value(name),
        )
        for name in optimizers
    ]
    lengths = sorted(df["steps"].dropna().unique())
    for length in lengths if len(lengths) > 1 else []:
        style = "-" if length == lengths[-1] else "--"
        handles.append(Line2D([], [], color="0.3", linestyle=style, label=f"{length:,.0f} steps"))
    handles.append(Line2D([], [], color="0.3", alpha=0.25, linewidth=7, label="± 1 sd of runs"))
    if (df["source"] == "published").any():
        hollow = {"marker": "D", "markersize": 5, "markerfacecolor": "none", "linestyle": "none"}
        handles.append(Line2D([], [], color="0.3", label="the paper, ± 10 %", **hollow))
    return handles


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--published", type=Path, help="values that the paper shows")
    arguments.add_argument("--optimizers", type=several, required=True, metavar="A,B,…")
    arguments.add_argument("--metrics", type=several, default=["nc0", "nc3_duality"])
    arguments.add_argument("--fitted", type=share, default=finals.FITTED, metavar="ACCURACY")
    args = arguments.parse_args(argv)
    needed = ["run", "step", "diverged_at", "accuracy_train", "optimizer.name", DECAY]
    table = read(args.table, needed, args.metrics)
    published = None
    if args.published is not None:
        published = read_published(args.published, ["optimizer", "weight_decay"])
    df, counted = data(table, args.optimizers, args.metrics, published, args.fitted)
    note = f"{args.title_note}; {counted}"
    write(draw(df, args.optimizers, args.metrics, note), df, args)


if __name__ == "__main__":
    with reporting():
        main()
