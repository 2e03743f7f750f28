"""Draw NC0 and NC3 of Lion, Muon and Shampoo by weight decay, coupled and decoupled.

The values are the mean over seeds of the runs that fit their training set, and their standard
deviation. This goes beyond zhao2026. By the paper's law, only coupled decay brings NC0 down. By
Lemma E.5, both kinds do if the classifier's update keeps the gradient's zero class sum. Shampoo's
update does, and so does Muon's on the head.
"""

import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import final_rows
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import log_value_axis, zero_log_axis
from latephase.errors import reporting
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import COUPLED_DECAY, DECAY, HEAD, OPTIMIZER
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {}
COLUMNS = (
    "run",
    "step",
    "diverged_at",
    "accuracy_train",
    "optimizer.name",
    "optimizer.head",
    "optimizer.coupled_weight_decay",
    "optimizer.weight_decay",
)
METRICS = ("nc0", "nc3_duality")
CALLED = {
    "lion": "Lion",
    "muon, adam": "Muon, Adam on the head",
    "muon, muon": "Muon, on the head too",
    "shampoo": "Shampoo",
}
LOOKS = series.of_categories(["coupled", "decoupled"])
KEYS = ["optimizer", "coupling", "weight_decay"]


def data(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """What is drawn, and in words which runs are left out.

    There is a row for each metric, optimizer, coupling and decay. Runs without any decay are in
    both lines. Columns: metric, optimizer, coupling, weight_decay, mean, sd, n.
    """
    last, _ = final_rows.fitted(table, FITTED)
    coupled, decoupled = last[COUPLED_DECAY].fillna(0.0), last[DECAY].fillna(0.0)
    head = last[HEAD].map(lambda head: f", {head}" if isinstance(head, str) else "")
    last = last.assign(optimizer=last[OPTIMIZER] + head)
    both = [
        last[decoupled == 0].assign(coupling="coupled", weight_decay=coupled),
        last[coupled == 0].assign(coupling="decoupled", weight_decay=decoupled),
    ]
    rows = pd.concat(both, ignore_index=True)
    frames = []
    for metric in METRICS:
        values = rows.groupby(KEYS)[metric].agg(["mean", "std", "count"]).reset_index()
        values = values.set_axis([*KEYS, "mean", "sd", "n"], axis=1)
        frames.append(values.assign(metric=metric))
    df = pd.concat(frames, ignore_index=True)
    return df[["metric", *KEYS, "mean", "sd", "n"]], left_out.below(table, last["run"], FITTED)


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A row for each metric, and a column for each optimizer."""
    present = set(df["optimizer"])
    optimizers = [name for name in CALLED if name in present] + sorted(present - set(CALLED))
    with style.style():
        made = layout.grid(2, len(optimizers), share_x="column", share_y="row")
        fig, axes = made.figure, made.panels
        for row, metric in zip(axes, METRICS, strict=True):
            for ax, optimizer in zip(row, optimizers, strict=False):
                part = df[(df["metric"] == metric) & (df["optimizer"] == optimizer)]
                place = zero_log_axis(ax, part["weight_decay"])
                for coupling, line in part.groupby("coupling"):
                    x = place(line["weight_decay"])
                    marks.mean_and_deviation(ax, x, line, LOOKS[coupling])
            for ax in {*row} & {*made.first()}:
                ax.set_ylabel(names.short_metric(metric))
        log_value_axis(axes[0, 0])
        for ax, optimizer in zip(axes[0], optimizers, strict=False):
            ax.set_title(CALLED.get(optimizer, optimizer).replace(", ", ",\n"), loc="left")
        for ax in made.lowest():
            ax.set_xlabel("weight decay λ")
        handles = [series.handle(look, f"{name} decay") for name, look in LOOKS.items()]
        handles.append(marks.legend_of_band("± 1 sd of runs"))
        layout.legend(fig, handles)
        style.title(fig, "At the end of training, by weight decay", note)
    return fig


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    df, runs = data(read(args.data, COLUMNS, METRICS))
    write(draw(df, args.title_note), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
