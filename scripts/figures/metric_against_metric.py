"""Draw one metric against another at the end of training, over the whole grids of studies.

There is a panel for each study, with a point for each run that reaches the training accuracy
``fitted``, and with the least-squares line of the one metric on log10 of the other.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latephase.analysis import final_rows
from latephase.analysis.trends import regression
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import is_logarithmic, log_value_axis
from latephase.errors import UserError, reporting
from latephase.runs.columns import OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import parse_with_others, read_several

OPTIONS = {
    "x": {"type": "string", "format": "metric", "default": "nc0"},
    "y": {"type": "string", "format": "metric", "default": "nc3_duality"},
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
}
COLUMNS = ("run", "step", "diverged_at", "accuracy_train", "optimizer.name")

ACROSS = 3
"""The largest number of panels in a row."""
HEIGHT = 2.2
"""The height of a row in inches."""
POINTS = 200
"""How many points of the least-squares line are drawn."""


def data(
    tables: dict[str, pd.DataFrame], x: str, y: str, fitted: float = 0.99
) -> tuple[pd.DataFrame, str]:
    """What is drawn from the data of studies, by name; and in words which runs are left out.

    Rows of kind "run" have study, optimizer, and the metrics x and y. Rows of kind "regression"
    have study, n, slope, intercept, r_squared.
    """
    frames, lines, kept = [], [], set()
    for study, table in tables.items():
        last, _ = final_rows.fitted(table, fitted)
        kept |= {f"{study} {run}" for run in last["run"]}
        points = last.rename(columns={OPTIMIZER: "optimizer"})
        frames.append(points[["optimizer", x, y]].assign(study=study, kind="run"))
        slope, intercept, r_squared = regression(last[x], last[y])
        fit = {"slope": slope, "intercept": intercept, "r_squared": r_squared}
        lines.append({"kind": "regression", "study": study, "n": len(last)} | fit)
    df = pd.concat([*frames, pd.DataFrame(lines)], ignore_index=True)
    return df, left_out.below(left_out.together(tables), kept, fitted)


def draw(df: pd.DataFrame, x: str, y: str, note: str = "") -> Figure:
    """A panel for each study, on common axes."""
    studies = list(dict.fromkeys(df["study"]))
    looks = series.of_optimizers(df["optimizer"].dropna())
    with style.style():
        made = layout.grid(
            1, len(studies), most=ACROSS, height=HEIGHT, share_x="all", share_y="all"
        )
        fig, axes = made.figure, made.panels
        for ax, study in zip(axes.flat, studies, strict=True):
            part = df[df["study"] == study]
            runs, fit = part[part["kind"] == "run"], part[part["kind"] == "regression"].iloc[0]
            for name, look in looks.items():
                own = runs[runs["optimizer"] == name]
                marks.dots(ax, own[x], own[y], look)
            shown = runs[(runs[x] > 0) & np.isfinite(runs[x])]
            none = "no run that counts was measured"
            marks.say_if_empty(ax, shown[y], is_logarithmic(y), none)
            if np.isfinite(fit["slope"]):
                line(ax, shown, x, y, fit)
            told = f"n {fit['n']:.0f}"
            if np.isfinite(fit["slope"]):
                told = f"slope {fit['slope']:.2f}, R² {fit['r_squared']:.2f}, {told}"
            ax.set_title(f"{study}\n{told}", fontsize=style.SMALL, loc="left")
        log_value_axis(axes[0, 0], "x")
        if is_logarithmic(y):
            log_value_axis(axes[0, 0])
        for ax in made.lowest():
            ax.set_xlabel(names.short_metric(x))
        for ax in made.first():
            ax.set_ylabel(layout.wrapped(names.short_metric(y), HEIGHT - 0.6))
        layout.legend(
            fig,
            [series.handle(look, names.value(name), linestyle="none")
             for name, look in looks.items()],
        )  # fmt: skip
        told = [names.short_metric(name).partition(" =")[0] for name in (y, x)]
        text = f"{told[0]} against {told[1]} at the end of training"
        style.title(fig, text[0].upper() + text[1:], note)
    return fig


def line(ax: Axes, shown: pd.DataFrame, x: str, y: str, fit: pd.Series) -> None:
    """Draw the least-squares line over the range of the points.

    It is a curve on a logarithmic axis, which ends where the line falls below every point.
    """
    at = np.geomspace(shown[x].min(), shown[x].max(), POINTS)
    values = fit["intercept"] + fit["slope"] * np.log10(at)
    if is_logarithmic(y):
        values[values < shown.loc[shown[y] > 0, y].min()] = np.nan
    ax.plot(at, values, color="0.2", lw=1)


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    x, y = args.options["x"], args.options["y"]
    if x == y:
        raise UserError(f"options.y is {y!r}, the same as options.x; allowed: another metric")
    tables = read_several(args, COLUMNS, [x, y])
    df, runs = data(tables, **args.options)
    write(draw(df, x, y, args.title_note), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
