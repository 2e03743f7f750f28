"""Figure 3 of sakamoto2026: accuracy, RNC1 and NC2 against step, a colour for each weight decay.

Mean and bootstrap interval over seeds, 95 % of five or more; test accuracy solid, training accuracy
dashed. A cross stands where a run was last measured before it diverged.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import divergence, seeds
from latephase.drawing import colours, marks, style
from latephase.drawing.axes import log_step_axis, log_value_axis, percent_axis
from latephase.errors import reporting
from latephase.runs.columns import DECAY
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {}
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.weight_decay")
METRICS = ("accuracy_train", "accuracy_test", "rnc1", "nc2_condition")
FIRST_STEP = 10
"""Where the paper's axis of steps begins."""


def data(table: pd.DataFrame, first_step: int = FIRST_STEP) -> pd.DataFrame:
    """What is drawn: metric, mark, weight decay, step, mean, low, high, n.

    ``mark`` is "line" for the mean over seeds, "diverged" for the last measured point of a
    run that diverged (its value in ``mean``).
    """
    late = divergence.before_divergence(table)
    late = late[late["step"] >= first_step]
    frames = []
    for metric in METRICS:
        line = seeds.summarise(late, "step", metric, [DECAY])
        frames.append(line.assign(metric=metric, mark="line"))
        cross = divergence.last_before(late, metric)[[DECAY, "step", metric]]
        cross = cross.rename(columns={metric: "mean"}).assign(n=1)
        frames.append(cross.assign(metric=metric, mark="diverged"))
    columns = ["metric", "mark", DECAY, "step", "mean", "low", "high", "n"]
    return seeds.stacked(frames)[columns]


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """Three panels over one axis of steps."""
    with style.style():
        fig = Figure(figsize=(7.2, 7.0))
        accuracy, rnc1, nc2 = axes = fig.subplots(3, sharex=True, height_ratios=(1.2, 1, 1))
        palette = colours.ordered_palette(df[DECAY])
        for ax, metric, line in (
            (accuracy, "accuracy_train", {"linestyle": (0, (4, 2)), "linewidth": 1.2}),
            (accuracy, "accuracy_test", {}),
            (rnc1, "rnc1", {}),
            (nc2, "nc2_condition", {}),
        ):
            part = df[df["metric"] == metric]
            lines = part[part["mark"] == "line"]
            marks.mean_and_interval(ax, lines, "step", DECAY, palette, **line)
            crosses = part[part["mark"] == "diverged"]
            marks.divergences(ax, crosses, "step", "mean", DECAY, palette)
        for ax, metric in zip(axes, METRICS[1:], strict=True):
            drawn = df.loc[df["metric"] == metric, "mean"]
            why = f"nothing measured from step {FIRST_STEP} on"
            marks.say_if_empty(ax, drawn, ax is not accuracy, why)
        log_step_axis(accuracy, df["step"].max(), df["step"].min())
        percent_axis(accuracy)
        log_value_axis(rnc1)
        log_value_axis(nc2)
        accuracy.set_ylabel("accuracy")
        rnc1.set_ylabel("RNC1 (train)\nTr $\\Sigma_W$ / (mean norm)$^2$")
        nc2.set_ylabel("NC2 (train)\ncondition number of means")
        nc2.set_xlabel("step")
        style.title(fig, "Accuracy and the contraction of classes, by weight decay", note)
        fig.align_ylabels(axes)
        fig.legend(handles=legend(palette, df), loc="outside right center", alignment="left")
    return fig


def legend(palette: dict[float, str], df: pd.DataFrame) -> list[Line2D]:
    """Colours for the decays, largest first, then what the strokes mean."""

    def heading(text: str) -> Line2D:
        return Line2D([], [], linestyle="none", label=text)

    handles = [heading("weight decay")]
    handles += [
        Line2D([], [], color=colour, linewidth=2.2, label=f"{decay:g}")
        for decay, colour in sorted(palette.items(), reverse=True)
    ]
    handles += [
        heading(""),
        heading("mean over seeds"),
        Line2D([], [], color="0.3", label="test"),
        Line2D([], [], color="0.3", linestyle=(0, (4, 2)), linewidth=1.2, label="train"),
        marks.legend_of_band(seeds.interval_of(df["n"])),
    ]
    if (df["mark"] == "diverged").any():
        handles.append(
            Line2D(
                [], [], linestyle="none", marker="X", color="0.3", markersize=7, label="diverged"
            )
        )
    return handles


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    df = data(read(args.data, COLUMNS, METRICS))
    write(draw(df, args.title_note), df, args)


if __name__ == "__main__":
    with reporting():
        main()
