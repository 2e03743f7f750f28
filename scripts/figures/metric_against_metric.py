"""One metric against another at the end of training, over the whole grids of studies.

A panel for each study shows a point for each run that reaches the training accuracy ``fitted``, and
the least-squares line of the one metric on log10 of the other.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import final_rows
from latephase.analysis.trends import regression
from latephase.drawing import colours, marks, names, style
from latephase.drawing.axes import is_logarithmic, log_value_axis
from latephase.errors import UserError, reporting
from latephase.runs.columns import OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {
    "x": {"type": "string", "format": "metric", "default": "nc0"},
    "y": {"type": "string", "format": "metric", "default": "nc3_duality"},
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
}
COLUMNS = ("run", "step", "diverged_at", "accuracy_train", "optimizer.name")

ACROSS = 3  # panels in a row


def data(
    tables: dict[str, pd.DataFrame], x: str, y: str, fitted: float = 0.99
) -> tuple[pd.DataFrame, str]:
    """What is drawn, of the tables of studies by name; and how many runs count.

    kind "run": study, optimizer, and the metrics x and y; kind "regression": study, n, slope,
    intercept, r_squared.
    """
    frames, lines, runs, kept = [], [], 0, 0
    for study, table in tables.items():
        last, _ = final_rows.fitted(table, fitted)
        runs, kept = runs + table["run"].nunique(), kept + len(last)
        points = last.rename(columns={OPTIMIZER: "optimizer"})
        frames.append(points[["optimizer", x, y]].assign(study=study, kind="run"))
        slope, intercept, r_squared = regression(last[x], last[y])
        fit = {"slope": slope, "intercept": intercept, "r_squared": r_squared}
        lines.append({"kind": "regression", "study": study, "n": len(last)} | fit)
    df = pd.concat([*frames, pd.DataFrame(lines)], ignore_index=True)
    return df, f"{kept} of {runs} runs reach {fitted:.0%} training accuracy"


def draw(df: pd.DataFrame, x: str, y: str, note: str = "") -> Figure:
    """A panel for each study, on common axes."""
    studies = list(dict.fromkeys(df["study"]))
    palette = colours.of_optimizers(df["optimizer"].dropna())
    rows = -(-len(studies) // ACROSS)
    with style.style():
        size = (max(3.0 * min(len(studies), ACROSS) + 1.4, 10.4), 2.6 * rows + 0.8)
        fig = Figure(figsize=size)
        axes = fig.subplots(
            rows, min(len(studies), ACROSS), sharex=True, sharey=True, squeeze=False
        )
        for ax, study in zip(axes.flat, studies, strict=False):
            part = df[df["study"] == study]
            runs, fit = part[part["kind"] == "run"], part[part["kind"] == "regression"].iloc[0]
            for name, colour in palette.items():
                own = runs[runs["optimizer"] == name]
                marks.dots(ax, own[x], own[y], colour, markersize=3)
            shown = runs[(runs[x] > 0) & np.isfinite(runs[x])]
            none = "no run that counts was measured"
            marks.say_if_empty(ax, shown[y], is_logarithmic(y), none)
            if np.isfinite(fit["slope"]):
                ends = np.array([shown[x].min(), shown[x].max()])
                ax.plot(ends, fit["intercept"] + fit["slope"] * np.log10(ends), color="0.2", lw=1)
            told = f"n {fit['n']:.0f}"
            if np.isfinite(fit["slope"]):
                told = f"slope {fit['slope']:.2f}, R² {fit['r_squared']:.2f}, {told}"
            ax.set_title(f"{study}\n{told}", fontsize=8, loc="left")
        log_value_axis(axes[0, 0], "x")
        if is_logarithmic(y):
            log_value_axis(axes[0, 0])
        for ax in axes.flat[len(studies) :]:
            ax.set_axis_off()
        for ax in axes.flat[max(len(studies) - axes.shape[1], 0) : len(studies)]:
            ax.set_xlabel(names.metric(x))
            ax.tick_params(labelbottom=True)
        for ax in axes[:, 0]:
            ax.set_ylabel(names.short_metric(y))
        called = [names.value(name) for name in palette]
        fig.legend(marks.legend_of_dots(palette), called, loc="outside right center")
        told = [names.short_metric(name).partition(" =")[0] for name in (y, x)]
        text = f"{told[0]} against {told[1]} at the end of training"
        style.title(fig, text[0].upper() + text[1:], note)
    return fig


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument(
        "--beside", nargs="*", default=[], type=Path, help="data of other studies"
    )
    args = arguments.parse_args(argv)
    x, y = args.options["x"], args.options["y"]
    if x == y:
        raise UserError(f"options.y is {y!r}, the same as options.x; allowed: another metric")
    paths = [args.data, *args.beside]
    if len({path.stem for path in paths}) < len(paths):
        raise UserError("--beside: two files have one name; allowed: one file of each study")
    tables = {path.stem: read(path, COLUMNS, [x, y]) for path in paths}
    df, counted = data(tables, **args.options)
    write(draw(df, x, y, f"{args.title_note}; {counted}"), df, args)


if __name__ == "__main__":
    with reporting():
        main()
