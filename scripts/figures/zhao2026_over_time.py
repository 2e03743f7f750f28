"""Metrics against step, a line an optimizer or a value of an axis (zhao2026, Figs. 4, 6 and 7).

Mean and 95 % bootstrap interval over seeds. A cross stands where a run was last measured before it
diverged.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase import labels, plots
from latephase.analysis import before_divergence
from latephase.errors import UserError, reporting
from scripts.figures import parser, read, several, write

FIRST_STEP = 1
LOGARITHMIC = ("loss", "nc0", "nc1", "weight_singular_value_min")
"""How the names of metrics begin that are drawn on a logarithmic axis."""
ACROSS = 3  # panels in a row


def data(table: pd.DataFrame, by: str, metrics: list[str]) -> pd.DataFrame:
    """What is drawn: metric, mark ("line" or "diverged"), the column ``by``, step, mean, low, high.

    Raises UserError where a seed has several runs at one value of ``by``.
    """
    if table.groupby([by, "seed"])["run"].nunique().max() > 1:
        raise UserError(f"--by {by}: a seed has several runs at one of its values; allowed: one")
    measured = before_divergence(table)
    measured = measured[measured["step"] >= FIRST_STEP]
    frames = []
    for metric in metrics:
        line = plots.summarise(measured, "step", metric, [by])
        frames.append(line.assign(metric=metric, mark="line"))
        cross = plots.divergences(measured, metric)[[by, "step", metric]]
        cross = cross.rename(columns={metric: "mean"}).assign(n=1)
        frames.append(cross.assign(metric=metric, mark="diverged"))
    columns = ["metric", "mark", by, "step", "mean", "low", "high", "n"]
    return pd.concat([f for f in frames if len(f)], ignore_index=True)[columns]


def draw(df: pd.DataFrame, by: str, note: str = "") -> Figure:
    """A panel a metric over one axis of steps."""
    metrics = list(dict.fromkeys(df["metric"]))
    palette = colours(df[by])
    rows = -(-len(metrics) // ACROSS)
    with plots.style():
        fig = Figure(figsize=(9.4, 2.5 * rows + 0.9))
        axes = fig.subplots(rows, min(len(metrics), ACROSS), sharex=True, squeeze=False)
        for ax, metric in zip(axes.flat, metrics, strict=False):
            part = df[df["metric"] == metric]
            plots.mean_and_interval(ax, part[part["mark"] == "line"], "step", by, palette)
            crosses = part[part["mark"] == "diverged"]
            plots.mark_divergences(ax, crosses, "step", "mean", by, palette)
            if metric.startswith(LOGARITHMIC):
                plots.log_value_axis(ax)
            if metric.startswith("accuracy"):
                plots.percent_axis(ax)
            ax.set_ylabel(labels.METRICS[metric])
        for ax in axes.flat[len(metrics) :]:
            ax.set_axis_off()
        for ax in axes.flat[max(len(metrics) - axes.shape[1], 0) : len(metrics)]:
            ax.set_xlabel("step")
            ax.tick_params(labelbottom=True)
        plots.log_step_axis(axes[0, 0], df["step"].max(), FIRST_STEP)
        handles = [
            Line2D([], [], color=colour, label=labels.OPTIMIZERS.get(value, f"{value}"))
            for value, colour in palette.items()
        ]
        handles.append(Line2D([], [], color="0.3", alpha=0.25, linewidth=7, label="95 % interval"))
        title = None if by == "optimizer.name" else labels.AXES.get(by, by)
        fig.legend(handles=handles, loc="outside right center", title=title)
        plots.title(fig, f"Over time, by {labels.AXES.get(by, by)}", note)
    return fig


def colours(values: pd.Series) -> dict:
    """A colour a value: an optimizer's own, else by order."""
    if values.isin(labels.COLOURS).all():
        present = set(values)
        return {name: colour for name, colour in labels.COLOURS.items() if name in present}
    return plots.ordered_palette(np.unique(values))


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--by", required=True, help="a column that tells lines apart")
    arguments.add_argument("--metrics", type=several, required=True, metavar="A,B,…")
    args = arguments.parse_args(argv)
    table = read(args.table, ["run", "step", "seed", "diverged_at", args.by, *args.metrics])
    df = data(table, args.by, args.metrics)
    write(draw(df, args.by, args.title_note), df, args)


if __name__ == "__main__":
    with reporting():
        main()
