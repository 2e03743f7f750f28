"""Draw Theorem 4.1 of sakamoto2026: how far the variance of a few samples is from that of all.

The features are those of the test set at the last step. The axis is the number of samples in each
class. There is a line for each weight decay: the mean over seeds, and a bootstrap interval, of 95 %
if there are five seeds or more. A dotted line is 1/√n through the first point of each line.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import final_rows, seeds
from latephase.drawing import layout, left_out, marks, series, style
from latephase.drawing.axes import log_value_axis
from latephase.errors import reporting
from latephase.metrics.contraction import A_CLASS
from latephase.runs.columns import DECAY
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {}
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.weight_decay")
METRICS = (
    "variance_gap_5_a_class",
    "variance_gap_10_a_class",
    "variance_gap_20_a_class",
    "variance_gap_40_a_class",
)


def data(table: pd.DataFrame) -> pd.DataFrame:
    """What is drawn: weight decay, samples in each class, mean, low, high, n (seeds)."""
    last = final_rows.final_rows(table)
    frames = [
        last[["run", "seed", DECAY]].assign(samples=size, gap=last[column])
        for size, column in zip(A_CLASS, METRICS, strict=True)
    ]
    return seeds.summarise(pd.concat(frames, ignore_index=True), "samples", "gap", [DECAY])


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """One panel."""
    looks = series.by_order(df[DECAY])
    with style.style():
        fig, panels = layout.grid(1, 1, height=3.2)
        ax = panels[0, 0]
        marks.mean_and_interval(ax, df, "samples", DECAY, looks)
        for _, own in df.groupby(DECAY):
            first = own.iloc[0]
            fall = first["mean"] * np.sqrt(first["samples"] / own["samples"])
            ax.plot(own["samples"], fall, color="0.4", linestyle=":", linewidth=1)
        marks.say_if_empty(ax, df["mean"], True, "not measured")
        log_value_axis(ax, "x")
        log_value_axis(ax)
        ax.set_xlim(A_CLASS[0] / 1.1, A_CLASS[-1] * 1.1)
        ax.set_xticks(list(A_CLASS), [str(size) for size in A_CLASS])
        ax.minorticks_off()
        ax.set_xlabel("samples a class")
        ax.set_ylabel("error of the variance within\nclasses / sup ‖g‖²")
        handles = [
            series.handle(look, f"{decay:g}") for decay, look in sorted(looks.items(), reverse=True)
        ]
        handles.append(Line2D([], [], color="0.4", linestyle=":", label="1/√n"))
        if len(df):
            handles.append(marks.legend_of_band(seeds.interval_of(df["n"])))
        layout.legend(fig, handles, "weight decay")
        style.title(fig, "The variance of a few samples", note)
    return fig


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    table = read(args.data, COLUMNS, METRICS)
    df, unmeasured = data(table), "without a measured value at the end"
    gone = table.loc[~table["run"].isin(table.dropna(subset=[*METRICS])["run"]), "run"]
    write(draw(df, args.title_note), df, args, left_out.sentence(table, {unmeasured: gone}))


if __name__ == "__main__":
    with reporting():
        main()
