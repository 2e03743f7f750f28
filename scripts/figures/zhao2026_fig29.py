"""Figure 29 of zhao2026: singular values of the classifier W and of the centred class means M.

Over time, a column for each optimizer. Each line is one of the K values, as the mean over seeds.
The means sum to 0, so the last value of M is rounding, and is left out.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis.divergence import before_divergence
from latephase.drawing import colours, names, style
from latephase.drawing.axes import log_step_axis, log_value_axis
from latephase.errors import reporting
from latephase.runs.columns import OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {}
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.name")
METRICS = ("weight_spectrum", "means_spectrum")
CALLED = ("singular values of W", "singular values of M")
FIRST_STEP = 1


def data(table: pd.DataFrame) -> pd.DataFrame:
    """What is drawn: matrix, optimizer, rank (1 for the largest value), step, mean, n."""
    measured = before_divergence(table)
    measured = measured[measured["step"] >= FIRST_STEP]
    frames = []
    for matrix in METRICS:
        values = measured[[OPTIMIZER, "step", "seed", matrix]].dropna(subset=[matrix])
        if matrix == "means_spectrum":
            values = values.assign(**{matrix: [spectrum[:-1] for spectrum in values[matrix]]})
        values = values.assign(rank=[np.arange(1, len(s) + 1) for s in values[matrix]])
        values = values.explode([matrix, "rank"], ignore_index=True)
        groups = values.groupby([OPTIMIZER, "rank", "step"])[matrix]
        means = groups.agg(mean=lambda v: v.astype(float).mean(), n="size").reset_index()
        frames.append(means.rename(columns={OPTIMIZER: "optimizer"}).assign(matrix=matrix))
    columns = ["matrix", "optimizer", "rank", "step", "mean", "n"]
    return pd.concat(frames, ignore_index=True)[columns]


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A row for each matrix, a column for each optimizer."""
    optimizers = names.ordered(df["optimizer"])
    palette = colours.ordered_palette(df["rank"])
    with style.style():
        fig = Figure(figsize=(max(1.9 * len(optimizers) + 1.4, 6.0), 5.0))
        columns = max(len(optimizers), 1)  # One, and empty, where nothing was measured.
        axes = fig.subplots(len(METRICS), columns, sharex=True, squeeze=False)
        for row, matrix, name in zip(axes, METRICS, CALLED, strict=True):
            row[0].set_ylabel(name)
            for ax, optimizer in zip(row, optimizers, strict=False):
                part = df[(df["matrix"] == matrix) & (df["optimizer"] == optimizer)]
                for rank, line in part.groupby("rank"):
                    ax.plot(line["step"], line["mean"], color=palette[rank], linewidth=1.1)
                log_value_axis(ax)
        for ax, optimizer in zip(axes[0], optimizers, strict=False):
            ax.set_title(names.value(optimizer), loc="left")
        for ax in axes[-1]:
            ax.set_xlabel("step")
        log_step_axis(axes[0, 0], df["step"].max(), FIRST_STEP)
        style.title(fig, "Singular values over time, dark for the largest", note)
    return fig


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    df = data(read(args.data, [*COLUMNS, *METRICS]))
    write(draw(df, args.title_note), df, args)


if __name__ == "__main__":
    with reporting():
        main()
