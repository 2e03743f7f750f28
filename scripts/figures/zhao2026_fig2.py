"""Draw Figure 2 of zhao2026: NC3 against NC0 over all optimizers, with the regressions of Table 6.

There is a point for each run that fits its training set, and the least-squares line of NC3 on log10
NC0 over all of these. Beside it, a list has the regressions for each learning rate and over all,
with the values that the paper prints.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import final_rows
from latephase.analysis.trends import regression
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import log_value_axis
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
    """What is drawn, and in words which runs are left out.

    Rows of kind "run" have optimizer, lr, nc0, nc3_duality. Rows of kind "regression" have lr
    (empty for all), n, slope, intercept, r_squared, and published_n, published_slope,
    published_r_squared.
    """
    last, _ = final_rows.fitted(table, FITTED)
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
    told = left_out.below(table, last["run"], FITTED)
    return pd.concat([runs, lines], ignore_index=True), told


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """The runs, the line over all of them, and the regressions as a list."""
    runs, lines = df[df["kind"] == "run"], df[df["kind"] == "regression"]
    with style.style():
        fig, panels = layout.grid(1, 2, height=3.2)
        ax, text = panels.flat
        looks = series.of_optimizers(runs["optimizer"])
        for name, look in looks.items():
            own = runs[runs["optimizer"] == name]
            marks.dots(ax, own["nc0"], own["nc3_duality"], look)
        marks.say_if_empty(ax, runs["nc0"], True, "no run that counts was measured")
        overall = lines[lines["lr"].isna() & lines["slope"].notna()]
        if len(overall):
            ends = np.array([runs["nc0"].min(), runs["nc0"].max()])
            fit = overall.iloc[0]
            ax.plot(ends, fit["intercept"] + fit["slope"] * np.log10(ends), color="0.2")
        log_value_axis(ax, "x")
        ax.set_xlabel(names.metric("nc0"))
        ax.set_ylabel(names.metric("nc3_duality"))
        layout.legend(
            fig,
            [series.handle(look, names.value(name), linestyle="none")
             for name, look in looks.items()],
        )  # fmt: skip
        text.set_axis_off()
        text.text(0, 0.95, written(lines), va="top", family="monospace", fontsize=style.SMALL)
        style.title(fig, "NC3 against NC0 at the end of training", note)
    return fig


def written(lines: pd.DataFrame) -> str:
    """The regressions in columns: learning rate, and runs, slope and R², here and in the paper."""

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
    df, told = data(read(args.data, COLUMNS, METRICS), published)
    write(draw(df, args.title_note), df, args, told)


if __name__ == "__main__":
    with reporting():
        main()
