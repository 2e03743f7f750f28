"""Draw one metric at the end of training, over a whole grid of hyperparameters and optimizers.

The metric is drawn against weight decay. There is a column of panels for each optimizer, a row for
each of its learning rates from the smallest on, and a line for each momentum. A line is the mean
over seeds of the runs that reach the training accuracy ``fitted``. If there are several seeds, a
band is their standard deviation.
"""

import pandas as pd
from matplotlib.figure import Figure

from latephase.analysis import final_rows
from latephase.drawing import layout, left_out, marks, names, series, style
from latephase.drawing.axes import is_logarithmic, log_value_axis, zero_log_axis
from latephase.errors import reporting
from latephase.runs.columns import OPTIMIZER_CELL
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {
    "metric": {"type": "string", "format": "metric"},
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
}
COLUMNS = (
    "run",
    "step",
    "seed",
    "diverged_at",
    "accuracy_train",
    "optimizer.name",
    "optimizer.lr",
    "optimizer.weight_decay",
)

KEYS = ["optimizer", "lr", "momentum", "weight_decay"]


def data(table: pd.DataFrame, metric: str, fitted: float) -> tuple[pd.DataFrame, str]:
    """A row for each optimizer, rate, momentum and decay; and in words which runs are left out.

    Columns: optimizer, lr, momentum, weight_decay, mean, sd (NaN for one run), n.
    """
    last, _ = final_rows.fitted(table, fitted)
    values = last.groupby(list(OPTIMIZER_CELL))[metric].agg(["mean", "std", "count"])
    df = values.reset_index().set_axis([*KEYS, "mean", "sd", "n"], axis=1)
    return df, left_out.below(table, last["run"], fitted)


def draw(df: pd.DataFrame, metric: str, note: str = "") -> Figure:
    """Panels that share one axis of values."""
    optimizers = names.ordered(df["optimizer"])
    rates = {name: sorted(df.loc[df["optimizer"] == name, "lr"].unique()) for name in optimizers}
    rows = max(map(len, rates.values()), default=1)
    looks = series.by_order(df["momentum"])
    with style.style():
        made = layout.grid(rows, len(optimizers), height=1.7, share_y="all")
        fig, axes = made.figure, made.panels
        for column, optimizer in zip(axes.T, optimizers, strict=False):
            own = df[df["optimizer"] == optimizer]
            for ax, lr in zip(column, rates[optimizer], strict=False):
                part = own[own["lr"] == lr]
                place = zero_log_axis(ax, own["weight_decay"])
                for momentum, line in part.groupby("momentum"):
                    x = place(line["weight_decay"])
                    marks.mean_and_deviation(ax, x, line, looks[momentum])
                marks.say_if_empty(ax, part["mean"], is_logarithmic(metric), "not measured")
                told = names.value(optimizer)
                ax.set_title(f"{told}, η = {names.short(lr)}", loc="left")
            for ax in column[len(rates[optimizer]) :]:
                ax.set_axis_off()
            column[len(rates[optimizer]) - 1].set_xlabel("weight decay λ")
        for ax in made.first():
            ax.set_ylabel(names.short_metric(metric))
        if not optimizers:
            marks.say_if_empty(axes[0, 0], df["mean"], False, "no run counts")
        if is_logarithmic(metric):
            log_value_axis(axes[0, 0])
        handles = [series.handle(look, names.short(m)) for m, look in looks.items()]
        if df["sd"].notna().any():
            handles.append(marks.legend_of_band("± 1 sd of seeds"))
        layout.legend(fig, handles, "momentum")
        style.title(fig, f"{names.metric(metric)} at the end of training", note)
    return fig


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    metric = args.options["metric"]
    df, runs = data(read(args.data, COLUMNS, [metric]), **args.options)
    write(draw(df, metric, args.title_note), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
