"""Draw Figure 5 of zhao2026: NC0 by momentum and weight decay, from theory and from training.

The upper row has the paper's setting: its recursion (Theorem 3.2), which needs no training, and the
values that it prints. The lower row has the study's setting: the recursion from NC0 at step 0, and
NC0 at the last step. All panels share one logarithmic scale of colours.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from latephase.analysis import seeds
from latephase.analysis.divergence import before_divergence
from latephase.drawing import layout, left_out, names, style
from latephase.drawing.axes import multiples, rounded
from latephase.drawing.heat_map import heat_map
from latephase.errors import UserError, reporting
from latephase.papers.zhao2026 import predictions, theory
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import DECAY, MOMENTUM
from scripts.figures import parser, write
from scripts.reading import read, read_published

OPTIONS = {}
COLUMNS = (
    "run",
    "step",
    "seed",
    "diverged_at",
    "optimizer.lr",
    "optimizer.momentum",
    "optimizer.weight_decay",
)
METRICS = ("nc0", "accuracy_train")
PUBLISHED = ["momentum", "weight_decay", "nc0"]
ALSO_PUBLISHED = ["nc2", "nc3"]
"""The paper prints these, too, but no panel shows them."""

AXES = [MOMENTUM, DECAY]
START = 1.7544
"""NC0 at the paper's step 0, as its runs without weight decay show."""
LEARNING_RATES = {"lr": 0.001, "steps": 200 * 469, "milestones": [66 * 469, 133 * 469]}
SMALLEST = 0.005
"""The lower end of the colours. Smaller values are printed as 0.00."""
PANELS = {
    ("paper", "recursion"): "the paper's setting: recursion",
    ("paper", "published"): "the paper's setting: published",
    ("study", "recursion"): "this study's setting: recursion",
    ("study", "trained"): "this study's setting: trained",
}


def data(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """What is drawn: setting, source, momentum, weight decay, nc0, low, high, n, accuracy_train.

    ``setting`` and ``source`` are the keys of :data:`PANELS`. For the study, nc0 is the mean over
    seeds at the last step, low and high are its interval, n is the number of seeds that did not
    diverge, and accuracy_train is the lowest of these seeds.
    """
    columns = {"momentum": MOMENTUM, "weight_decay": DECAY}
    printed = published.rename(columns=columns)[[*AXES, "nc0"]]
    factors = theory.sgd_factor(
        theory.learning_rates(**LEARNING_RATES), printed[MOMENTUM], printed[DECAY]
    )
    table = table.assign(recursion=predictions.sgd_nc0(table))
    last = table[table["step"] == table["step"].max()]
    frames = {
        ("paper", "recursion"): printed.assign(nc0=START * np.abs(factors[-1])),
        ("paper", "published"): printed,
        ("study", "recursion"): _over_seeds(last, "recursion"),
        ("study", "trained"): _over_seeds(last, "nc0"),
    }
    keyed = [
        frame.assign(setting=setting, source=source) for (setting, source), frame in frames.items()
    ]
    columns = ["setting", "source", *AXES, "nc0", "low", "high", "n", "accuracy_train"]
    return pd.concat(keyed, ignore_index=True)[columns]


def _over_seeds(last: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each cell: mean of a column as nc0, its interval, seeds, lowest training accuracy.

    A cell in which every seed diverged has only n = 0.
    """
    trained = before_divergence(last)
    summary = seeds.summarise(trained, DECAY, column, [MOMENTUM]).rename(columns={"mean": "nc0"})
    lowest = trained.groupby(AXES)["accuracy_train"].min().reset_index()
    cells = last[AXES].drop_duplicates().merge(summary.merge(lowest, on=AXES), "left", on=AXES)
    return cells.fillna({"n": 0})


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """Two rows of two heat maps."""
    largest = df["nc0"].where(np.isfinite(df["nc0"])).max()
    ends = rounded(SMALLEST, np.nanmax([largest, 10 * SMALLEST]))
    norm = LogNorm(*ends, clip=True)
    with style.style():
        fig, axes = layout.grid(2, 2, height=2.7)
        for ax, (key, heading) in zip(axes.flat, PANELS.items(), strict=True):
            part = df[(df["setting"] == key[0]) & (df["source"] == key[1])]
            heat_map(ax, part.pivot(index=MOMENTUM, columns=DECAY, values="nc0"), norm)
            ax.set_title(
                heading.replace(": ", ":\n") + _apart(df, *key), loc="left", fontsize=style.SMALL
            )
            ax.set_xlabel("weight decay λ")
            ax.set_ylabel("momentum β")
        bar = fig.colorbar(
            ScalarMappable(norm, "viridis"), ax=axes, extend="min", aspect=40, pad=0.015
        )
        bar.set_label(r"NC0 = $\Vert W^\top 1 \Vert_2$ at the last step")
        bar.set_ticks(multiples(*ends), minor=False)
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        bar.ax.minorticks_off()
        notes = [note]
        if (df["accuracy_train"] < FITTED).any():
            lowest = f"lowest training accuracy {df['accuracy_train'].min():.1%}"
            notes.append(lowest.replace("%", " %"))
        if df["nc0"].isna().any():
            notes.append("blank: diverged")
        style.title(fig, "NC0 under SGD, by momentum and weight decay", *notes)
    return fig


def _apart(df: pd.DataFrame, setting: str, source: str) -> str:
    """The largest distance of a panel's values from those of the recursion, in words."""
    if source == "recursion":
        return ""
    values = df[df["setting"] == setting].pivot(index=AXES, columns="source", values="nc0")
    apart = (values[source] - values["recursion"]).abs().max()
    return f" (at most {names.short(float(f'{apart:.2g}'))} from it)"


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument("--published", required=True, type=Path, help="the paper's values")
    args = arguments.parse_args(argv)
    published = read_published(args.published, PUBLISHED)
    table = read(args.data, COLUMNS, METRICS)
    if table[AXES].isna().any(axis=None):
        raise UserError(f"{args.data}: runs without momentum or decay; allowed: a study of SGD")
    df = data(table, published)
    diverged = {"diverged": {*table.loc[table["diverged_at"].notna(), "run"]}}
    write(draw(df, args.title_note), df, args, left_out.sentence(table, diverged))


if __name__ == "__main__":
    with reporting():
        main()
