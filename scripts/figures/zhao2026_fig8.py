"""Draw Figure 8 of zhao2026: collapse against the coupled share of a fixed sum of weight decays.

The values are those at the last step: the mean over seeds and a bootstrap interval, of 95 % if
there are five seeds or more.
"""

import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import final_rows, seeds
from latephase.drawing import colours, layout, left_out, names, style
from latephase.drawing.axes import log_value_axis
from latephase.errors import reporting
from latephase.runs.columns import COUPLED_DECAY, DECAY
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {}
COLUMNS = (
    "run",
    "step",
    "seed",
    "diverged_at",
    "optimizer.coupled_weight_decay",
    "optimizer.weight_decay",
)
METRICS = ("accuracy_test", "nc0", "nc2_etf", "nc3_duality")


def data(table: pd.DataFrame) -> pd.DataFrame:
    """What is drawn: metric, share, mean, low, high, n; share = λ_c / (λ_c + λ)."""
    last = final_rows.final_rows(table)
    last = last.assign(share=last[COUPLED_DECAY] / (last[COUPLED_DECAY] + last[DECAY]))
    last = last.assign(share=last["share"].round(6))
    frames = [seeds.summarise(last, "share", metric).assign(metric=metric) for metric in METRICS]
    return pd.concat(frames, ignore_index=True)[["metric", "share", "mean", "low", "high", "n"]]


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A panel for each metric."""
    with style.style():
        made = layout.grid(1, len(METRICS), most=2, height=1.9, share_x="all")
        for ax, metric in zip(made.panels.flat, METRICS, strict=True):
            part = df[df["metric"] == metric]
            reach = [
                (part["mean"] - part["low"]).fillna(0),
                (part["high"] - part["mean"]).fillna(0),
            ]
            colour = colours.CATEGORIES[0]
            ax.errorbar(part["share"], part["mean"], reach, color=colour, marker="o", markersize=4)
            ax.set_ylabel(layout.wrapped(names.metric(metric), 1.4))
            if metric == "nc0":
                log_value_axis(ax)
        for ax in made.lowest():
            ax.set_xlabel("coupled share of the weight decay")
        style.title(made.figure, "From AdamW (0) to Adam (1)", note, seeds.interval_of(df["n"]))
    return made.figure


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    table = read(args.data, COLUMNS, METRICS)
    df = data(table)
    write(draw(df, args.title_note), df, args, left_out.sentence(table, {}))


if __name__ == "__main__":
    with reporting():
        main()
