"""Draw Figure 29 of zhao2026: singular values of the classifier W and the centred class means M.

They are drawn over time, with a panel for each optimizer. Each line is one of the K values, as the
mean over seeds. The centred means sum to 0, so the last value of M is a rounding error, and is left
out.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latephase.analysis.divergence import before_divergence
from latephase.drawing import layout, left_out, marks, names, series, style
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
LOOKS = {
    "largest": series.Look("#332288", "^"),
    "between": series.Look("0.55", ""),
    "smallest": series.Look("#d55e00", "v"),
}
"""The looks of the singular values of a matrix."""


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
    """A row for each matrix, and a column for each optimizer."""
    optimizers = names.ordered(df["optimizer"])
    with style.style():
        made = layout.grid(len(METRICS), len(optimizers), most=3, share_x="all")
        for row, matrix, name in zip(made.panels, METRICS, CALLED, strict=True):
            for ax in {*row} & {*made.first()}:
                ax.set_ylabel(name)
            for ax, optimizer in zip(row, optimizers or [None], strict=True):
                part = df[(df["matrix"] == matrix) & (df["optimizer"] == optimizer)]
                panel(ax, part)
        for ax, optimizer in zip(made.panels[0], optimizers, strict=False):
            ax.set_title(names.value(optimizer), loc="left")
        for ax in made.lowest():
            ax.set_xlabel("step")
        log_step_axis(made.panels[0, 0], df["step"].max(), FIRST_STEP)
        layout.legend(made.figure, [series.handle(look, name) for name, look in LOOKS.items()])
        style.title(made.figure, "Singular values over time", note)
    return made.figure


def panel(ax: Axes, df: pd.DataFrame) -> None:
    """The singular values of one matrix. The lines do not cross, so three looks are enough."""
    for rank, line in df.groupby("rank"):
        which = "largest" if rank == 1 else "smallest" if rank == df["rank"].max() else "between"
        stroke = LOOKS[which].sparse(np.log10(line["step"]))
        ax.plot(line["step"], line["mean"], **stroke, linewidth=0.8 if which == "between" else 1.4)
    marks.say_if_empty(ax, df["mean"], True, "not measured")
    log_value_axis(ax)


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    table = read(args.data, [*COLUMNS, *METRICS])
    df = data(table)
    write(draw(df, args.title_note), df, args, left_out.sentence(table, {}))


if __name__ == "__main__":
    with reporting():
        main()
