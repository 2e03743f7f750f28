"""One metric against another at the end of training, over the whole grid (zhao2026, Fig. 26, …).

A point a run that fits its training set, a panel a network and data set, and in each the
least-squares line of the one on log10 of the other.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase import finals, labels, plots
from latephase.claims.zhao2026 import regression
from latephase.errors import UserError, reporting
from scripts.figures import parser, read, several, write

ACROSS = 3  # panels in a row
LOGARITHMIC = ("nc0", "nc1_pinv")


def data(tables: dict[str, pd.DataFrame], x: str, y: str) -> tuple[pd.DataFrame, str]:
    """What is drawn, of the tables of studies by name; and how many runs count.

    kind "run": study, optimizer, and the metrics x and y; kind "regression": study, n, slope,
    intercept, r_squared.
    """
    frames, lines, runs, kept = [], [], 0, 0
    for study, table in tables.items():
        last, _ = finals.fitted(table, finals.FITTED)
        runs, kept = runs + table["run"].nunique(), kept + len(last)
        points = last.rename(columns={"optimizer.name": "optimizer"})
        frames.append(points[["optimizer", x, y]].assign(study=study, kind="run"))
        slope, intercept, r_squared = regression(last[x], last[y])
        fit = {"slope": slope, "intercept": intercept, "r_squared": r_squared}
        lines.append({"kind": "regression", "study": study, "n": len(last)} | fit)
    df = pd.concat([*frames, pd.DataFrame(lines)], ignore_index=True)
    return df, f"{kept} of {runs} runs reach {finals.FITTED:.0%} training accuracy"


def draw(df: pd.DataFrame, x: str, y: str, note: str = "") -> Figure:
    """A panel a study, on common axes."""
    studies = list(dict.fromkeys(df["study"]))
    present = labels.ordered(df["optimizer"].dropna())
    rows = -(-len(studies) // ACROSS)
    with plots.style():
        size = (max(3.0 * min(len(studies), ACROSS) + 1.4, 10.4), 2.6 * rows + 0.8)
        fig = Figure(figsize=size)
        axes = fig.subplots(
            rows, min(len(studies), ACROSS), sharex=True, sharey=True, squeeze=False
        )
        for ax, study in zip(axes.flat, studies, strict=False):
            part = df[df["study"] == study]
            runs, fit = part[part["kind"] == "run"], part[part["kind"] == "regression"].iloc[0]
            for name in present:
                own = runs[runs["optimizer"] == name]
                dots = {"linestyle": "none", "marker": "o", "markersize": 3, "alpha": 0.7}
                ax.plot(own[x], own[y], color=labels.colour(name), **dots)
            if np.isfinite(fit["slope"]):
                ends = np.array([runs[x].min(), runs[x].max()])
                ax.plot(ends, fit["intercept"] + fit["slope"] * np.log10(ends), color="0.2", lw=1)
            told = f"slope {fit['slope']:.2f}, R² {fit['r_squared']:.2f}, n {fit['n']:.0f}"
            ax.set_title(f"{study}\n{told}", fontsize=8, loc="left")
        plots.log_value_axis(axes[0, 0], "x")
        if y in LOGARITHMIC:
            plots.log_value_axis(axes[0, 0])
        for ax in axes.flat[len(studies) :]:
            ax.set_axis_off()
        for ax in axes.flat[max(len(studies) - axes.shape[1], 0) : len(studies)]:
            ax.set_xlabel(labels.metric(x))
            ax.tick_params(labelbottom=True)
        for ax in axes[:, 0]:
            ax.set_ylabel(labels.short_metric(y))
        handles = [
            Line2D([], [], color=labels.colour(name), linestyle="none", marker="o", markersize=5)
            for name in present
        ]
        names = [labels.value(name) for name in present]
        fig.legend(handles, names, loc="outside right center")
        told = [labels.short_metric(name).partition(" =")[0] for name in (y, x)]
        text = f"{told[0]} against {told[1]} at the end of training"
        plots.title(fig, text[0].upper() + text[1:], note)
    return fig


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--beside", type=several, default=[], help="tables of other studies")
    arguments.add_argument("--x", default="nc0")
    arguments.add_argument("--y", default="nc3_duality")
    args = arguments.parse_args(argv)
    needed = ["run", "step", "diverged_at", "accuracy_train", "optimizer.name"]
    paths = [args.table, *map(Path, args.beside)]
    if args.x == args.y:
        raise UserError(f"--y {args.y}: stands on the other axis too; allowed: two metrics")
    if len({path.stem for path in paths}) < len(paths):
        raise UserError("--beside: two tables have one name; allowed: of each study one")
    tables = {path.stem: read(path, needed, [args.x, args.y]) for path in paths}
    df, counted = data(tables, args.x, args.y)
    write(draw(df, args.x, args.y, f"{args.title_note}; {counted}"), df, args)


if __name__ == "__main__":
    with reporting():
        main()
