"""One metric of a whole grid of optimizers at the end of training (zhao2026, Figs. 32-55, 58).

Against weight decay, a line a momentum, a column an optimizer, a row a learning rate (the smallest
of each optimizer stand in one row). Mean over seeds of the runs that fit their training set; their
standard deviation as a band, where there are several.
"""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase import finals, labels, plots
from latephase.errors import reporting
from scripts.figures import DECAY, parser, read, share, write

KEYS = ["optimizer", "lr", "momentum", "weight_decay"]


def data(table: pd.DataFrame, metric: str, fitted: float) -> tuple[pd.DataFrame, str]:
    """What is drawn, a row an optimizer, rate, momentum and decay; and how many runs count.

    Columns: optimizer, lr, momentum, weight_decay, mean, sd (NaN for one run), n.
    """
    last, counted = finals.fitted(table, fitted)
    keys = ["optimizer.name", "optimizer.lr", "momentum", DECAY]
    values = last.groupby(keys)[metric].agg(["mean", "std", "count"])
    return values.reset_index().set_axis([*KEYS, "mean", "sd", "n"], axis=1), counted


def draw(df: pd.DataFrame, metric: str, note: str = "") -> Figure:
    """Panels on one axis of values."""
    optimizers = labels.ordered(df["optimizer"])
    rates = {name: sorted(df.loc[df["optimizer"] == name, "lr"].unique()) for name in optimizers}
    rows, palette = max(map(len, rates.values()), default=1), plots.ordered_palette(df["momentum"])
    with plots.style():
        fig = Figure(figsize=(max(1.9 * len(optimizers) + 1.6, 8.0), 1.9 * rows + 1.0))
        axes = fig.subplots(rows, max(len(optimizers), 1), sharey=True, squeeze=False)
        for column, optimizer in zip(axes.T, optimizers, strict=False):
            own = df[df["optimizer"] == optimizer]
            for ax, lr in zip(column, rates[optimizer], strict=False):
                part = own[own["lr"] == lr]
                place = plots.zero_log_axis(ax, own["weight_decay"])
                for momentum, line in part.groupby("momentum"):
                    colour, x = palette[momentum], place(line["weight_decay"])
                    ax.plot(x, line["mean"], color=colour, marker="o", markersize=3)
                    spread = line["sd"].fillna(0)
                    low = (line["mean"] - spread).clip(lower=line["mean"] / 10)
                    ax.fill_between(x, low, line["mean"] + spread, color=colour, alpha=0.15, lw=0)
                told = labels.value(optimizer)
                ax.set_title(f"{told}, η = {plots.short(lr)}", loc="left")
            for ax in column[len(rates[optimizer]) :]:
                ax.set_axis_off()
            column[len(rates[optimizer]) - 1].set_xlabel("weight decay λ")
        for ax in axes[:, 0]:
            ax.set_ylabel(labels.short_metric(metric))
        if metric in ("nc0", "nc1_pinv"):
            plots.log_value_axis(axes[0, 0])
        handles = [Line2D([], [], color=c, label=plots.short(m)) for m, c in palette.items()]
        if df["sd"].notna().any():
            band = {"color": "0.3", "alpha": 0.25, "linewidth": 7}
            handles.append(Line2D([], [], label="± 1 sd of seeds", **band))
        fig.legend(handles=handles, loc="outside right center", title="momentum")
        plots.title(fig, f"{labels.metric(metric)} at the end of training", note)
    return fig


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--metric", required=True)
    arguments.add_argument("--fitted", type=share, default=finals.FITTED)
    args = arguments.parse_args(argv)
    needed = ["run", "step", "seed", "diverged_at", "accuracy_train", "optimizer.name"]
    table = read(args.table, [*needed, "optimizer.lr", DECAY], [args.metric])
    df, counted = data(table, args.metric, args.fitted)
    write(draw(df, args.metric, f"{args.title_note}; {counted}"), df, args)


if __name__ == "__main__":
    with reporting():
        main()
