"""Figure 2 of zhao2026: NC3 against NC0 over all optimizers, with its regressions (Table 6).

A point for each run that fits its training set, and the least-squares line of NC3 on log10 NC0 of
each learning rate and of all, with the values that the paper prints beside them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import final_rows
from latephase.analysis.trends import regression
from latephase.drawing import colours, marks, names, style
from latephase.errors import reporting
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import LR, OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import read, read_published

OPTIONS = {}
COLUMNS = (
    "run",
    "step",
    "diverged_at",
    "accuracy_train",
    "optimizer.name",
    "optimizer.lr",
)
METRICS = ("nc0", "nc3_duality")
PUBLISHED = ["lr", "n", "slope", "r_squared"]


def data(table: pd.DataFrame, published: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """What is drawn, and how many runs count.

    kind "run": optimizer, lr, nc0, nc3_duality; kind "regression": lr (empty for all), n, slope,
    intercept, r_squared, and published_n, published_slope, published_r_squared.
    """
    last, counted = final_rows.fitted(table, FITTED)
    runs = last.rename(columns={OPTIMIZER: "optimizer", LR: "lr"})
    runs = runs[["optimizer", "lr", "nc0", "nc3_duality"]].assign(kind="run")
    lines = []
    for lr, group in [*runs.groupby("lr"), (np.nan, runs)]:
        slope, intercept, r_squared = regression(group["nc0"], group["nc3_duality"])
        lines.append(
            {"kind": "regression", "lr": lr, "n": len(group), "slope": slope}
            | {"intercept": intercept, "r_squared": r_squared}
        )
    published = published.assign(lr=pd.to_numeric(published["lr"], errors="coerce"))  # NaN: all
    printed = published.rename(columns={name: f"published_{name}" for name in published})
    printed = printed.rename(columns={"published_lr": "lr"})
    lines = pd.DataFrame(lines).merge(printed, on="lr", how="outer").assign(kind="regression")
    return pd.concat([runs, lines], ignore_index=True), counted


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """The runs, the line of all of them, and the regressions as a table."""
    runs, lines = df[df["kind"] == "run"], df[df["kind"] == "regression"]
    with style.style():
        fig = Figure(figsize=(9.0, 4.2))
        ax, text = fig.subplots(1, 2, width_ratios=(1.25, 1))
        palette = colours.of_optimizers(runs["optimizer"])
        for name, colour in palette.items():
            own = runs[runs["optimizer"] == name]
            x, y = own["nc0"], own["nc3_duality"]
            marks.dots(ax, x, y, colour, markersize=3.5, markeredgewidth=0)
        overall = lines[lines["lr"].isna() & lines["slope"].notna()]
        if len(overall):
            ends = np.array([runs["nc0"].min(), runs["nc0"].max()])
            fit = overall.iloc[0]
            ax.plot(ends, fit["intercept"] + fit["slope"] * np.log10(ends), color="0.2")
        ax.set_xscale("log")
        ax.set_xlabel(names.metric("nc0"))
        ax.set_ylabel(names.metric("nc3_duality"))
        called = [names.value(name) for name in palette]
        ax.legend(marks.legend_of_dots(palette), called, loc="upper left")
        text.set_axis_off()
        text.text(0, 0.95, written(lines), va="top", family="monospace", fontsize=7.5)
        style.title(fig, "NC3 against NC0 at the end of training", note)
    return fig


def written(lines: pd.DataFrame) -> str:
    """The regressions in columns: learning rate, runs, slope, R², here and in the paper."""

    def number(value: float, digits: int) -> str:
        return "–" if np.isnan(value) else f"{value:.{digits}f}"

    rows = ["NC3 = a + b log₁₀ NC0", "", "                here            the paper"]
    rows.append("lr          n    b     R²     n    b     R²")
    for _, row in lines.sort_values("lr").iterrows():
        lr = "all" if np.isnan(row["lr"]) else f"{row['lr']:g}"
        here, there = (
            f"{number(row[p + 'n'], 0):>4} {number(row[p + 'slope'], 3):>6} "
            f"{number(row[p + 'r_squared'], 2):>5}"
            for p in ("", "published_")
        )
        rows.append(f"{lr:<8} {here}  {there}")
    return "\n".join(rows)


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument("--published", required=True, type=Path, help="the paper's values")
    args = arguments.parse_args(argv)
    published = read_published(args.published, PUBLISHED)
    df, counted = data(read(args.data, COLUMNS, METRICS), published)
    write(draw(df, f"{args.title_note}; {counted}"), df, args)


if __name__ == "__main__":
    with reporting():
        main()
