"""Draw how long grokking takes, by learning rate and weight decay.

The left panel shows the median steps at which runs memorise (dashed) and generalise. If half of the
runs or more have not generalised at the last step, an arrow stands there. The right panel shows the
delay between the two in decades of steps, with its interval over seeds. An arrow means that some
runs had not generalised at the last step; then the true delay is longer.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from latephase.analysis.delay import by_rate_and_decay, delays
from latephase.drawing import layout, left_out, marks, series, style
from latephase.drawing.axes import log_value_axis, zero_log_axis
from latephase.errors import reporting
from latephase.runs.columns import DECAY, LR
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
    "level": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9},
    "stay": {"type": "integer", "minimum": 1, "default": 3},
}
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.lr", "optimizer.weight_decay")
METRICS = ("accuracy_train", "accuracy_test")


def data(table: pd.DataFrame, **limits: float) -> tuple[pd.DataFrame, str]:
    """The frame of :func:`by_rate_and_decay`, and in words how many runs have each event."""
    df = by_rate_and_decay(table, **limits)
    counts = df[["runs", "memorised", "generalised"]].sum()
    told = (
        f"of {counts['runs']} runs {counts['memorised']} memorise, "
        f"{counts['generalised']} generalise within the budget"
    )
    return df, told


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """Steps on the left, the delay on the right, both against weight decay."""
    looks = series.by_order(df[LR])
    with style.style():
        fig, panels = layout.grid(1, 2, height=2.8)
        left, right = panels.flat
        for ax in (left, right):
            place = zero_log_axis(ax, df[DECAY])
            ax.set_xlabel("weight decay λ")
        for lr, group in df.groupby(LR, sort=True):
            x, look = place(group[DECAY]), looks[lr]
            left.plot(x, group["train"], "--", **look.line)
            left.plot(x, group["test"], "-", **look.line)
            later = (group["test"].isna() & group["train"].notna()).to_numpy()
            for at, steps in zip(x[later], group["steps"][later], strict=True):
                draw_arrow(left, at, steps, look)
                left.update_datalim([(at, 2 * steps)])  # room for the arrow
            draw_delay(right, x, group, look)
        marks.say_if_empty(left, pd.concat([df["train"], df["test"]]), True, "no run memorises")
        log_value_axis(left)
        left.set_ylabel("steps, median over seeds")
        marks.say_if_empty(right, df["delay"], False, "no run memorises")
        right.set_ylabel("delay, decades of steps")
        right.margins(y=0.15)  # room for the arrows
        right.axhline(0, color="0.7", linewidth=0.8)
        layout.legend(fig, legend(looks))
        style.title(fig, "The delay of grokking, by learning rate and weight decay", note)
    return fig


def draw_delay(ax: Axes, x: np.ndarray, group: pd.DataFrame, look: series.Look) -> None:
    """The delay's line and intervals, and an arrow if its end is not known."""
    ax.plot(x, group["delay"], **look.line)
    for at, row in zip(x, group.itertuples(), strict=True):
        open_ended = np.isposinf(row.delay_high) or row.generalised < row.memorised
        top = row.delay if np.isposinf(row.delay_high) else row.delay_high
        ax.vlines(at, row.delay_low, top, color=look.colour, linewidth=1)
        if open_ended and np.isfinite(row.delay):
            draw_arrow(ax, at, row.delay, look)


def draw_arrow(ax: Axes, at: float, value: float, look: series.Look) -> None:
    """An arrow that stands above a value and says that the true one is larger."""
    above = offset_copy(ax.transData, ax.figure, y=11, units="points")
    ax.plot(at, value, transform=above, marker=r"$\uparrow$", markersize=12, color=look.colour)


def legend(looks: dict[float, series.Look]) -> list[Line2D]:
    """The legend: learning rates, then what the strokes mean."""
    grey = {"color": "0.3"}
    return [
        *(series.handle(look, f"η = {lr:g}") for lr, look in looks.items()),
        Line2D([], [], linestyle="--", label="memorised", **grey),
        Line2D([], [], linestyle="-", label="generalised", **grey),
        Line2D([], [], linestyle="none", marker=r"$\uparrow$", markersize=9,
               label="later than the last step", **grey),
    ]  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    table = read(args.data, COLUMNS, METRICS)
    df, told = data(table, **args.options)
    runs = delays(table, **args.options)
    never = {"never memorise": runs.loc[runs["train_censored"], "run"]}
    write(draw(df, f"{args.title_note}; {told}"), df, args, left_out.sentence(table, never))


if __name__ == "__main__":
    with reporting():
        main()
