"""Draw margins between two classes, of training samples and of unseen samples, early and late.

The margin of a sample is its signed distance to the boundary between the classes a and b in the
feature space of the last layer. By default, the figure has the first and the last step for which
the study has margins: fitted but not generalising, and generalising. Each class is a violin of two
halves, training samples above and unseen samples below. All halves are scaled to the same height.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from latephase.analysis.divergence import before_divergence
from latephase.drawing import colours, layout, left_out, style
from latephase.errors import UserError, reporting
from latephase.runs.columns import DECAY
from scripts.figures import one_run, parser, write
from scripts.reading import read

OPTIONS = {
    "pairs": {
        "type": ["array", "null"],
        "minItems": 1,
        "items": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "integer", "minimum": 0},
        },
        "default": None,
    },
    "weight_decay": {"type": ["number", "null"], "default": None},
    "seed": {"type": ["integer", "null"], "default": None},
    "steps": {
        "type": ["array", "null"],
        "minItems": 1,
        "items": {"type": "integer"},
        "default": None,
    },
    "clip": {"type": "number", "exclusiveMinimum": 0, "default": 2.2},
}
"""``pairs``: pairs of classes, by default the first pair that has margins. ``weight_decay`` and
``seed``: those of the run, by default the middle decay of the runs with margins, and the first
seed. ``steps``: by default the first and the last. ``clip``: where the axis is cut.
"""
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.weight_decay")
METRICS = ("accuracy_train", "accuracy_test")

SPLITS = {"train": "training", "test": "unseen"}
COLOURS = {"training": colours.CATEGORIES[0], "unseen": colours.CATEGORIES[1]}
SIDES = {"training": "above", "unseen": "below"}
"""The sides of the halves of a violin. They tell the halves apart without colours."""
BANDWIDTH = 0.8
"""A factor on Scott's bandwidth, as in sakamoto2026's notebook."""


def data(
    table: pd.DataFrame,
    margins: pd.DataFrame,
    *,
    pairs: list[list[int]] | None = None,
    weight_decay: float | None = None,
    seed: int | None = None,
    steps: list[int] | None = None,
) -> pd.DataFrame:
    """The samples that are drawn: a row for each, with the accuracies at its step.

    Columns: run, weight decay, seed, step, class_a, class_b, label, split, margin,
    accuracy_train, accuracy_test. The run is one of those with margins. ``pairs`` are by default
    their first pair. ``steps`` are moved to the nearest step with margins. Raises UserError if the
    run has no margins, or none of a pair.
    """
    run = one_run(table[table["run"].isin(margins["run"])], weight_decay, seed)
    history = before_divergence(table[table["run"] == run])
    samples = margins[margins["run"] == run].dropna(subset="margin")
    if samples.empty:
        raise UserError(f"--margins: run {run} diverged before the first")
    available = np.sort(samples["step"].unique())
    wanted = available[[0, -1]] if steps is None else steps
    steps = sorted({int(available[np.abs(available - step).argmin()]) for step in wanted})
    known = list(samples[["class_a", "class_b"]].drop_duplicates().itertuples(index=False))
    frames = []
    for a, b in known[:1] if pairs is None else pairs:
        pair = samples[(samples["class_a"] == a) & (samples["class_b"] == b)]
        if pair.empty:
            allowed = ", ".join(f"[{a}, {b}]" for a, b in known)
            raise UserError(
                f"options.pairs names [{a}, {b}], which has no margins; allowed: {allowed}"
            )
        frames.append(pair[pair["step"].isin(steps)])
    drawn = pd.concat(frames, ignore_index=True)
    drawn["split"] = drawn["split"].map(SPLITS)
    accuracies = history[["step", DECAY, "seed", "accuracy_train", "accuracy_test"]]
    columns = ["run", "step", "class_a", "class_b", "label", "split", "margin"]
    return drawn[columns].merge(accuracies, on="step", how="left")


def draw(df: pd.DataFrame, note: str = "", clip: float = 2.2) -> Figure:
    """A row of panels for each pair of classes, and a column for each step."""
    pairs = list(df[["class_a", "class_b"]].drop_duplicates().itertuples(index=False))
    steps = sorted(df["step"].unique())
    with style.style():
        made = layout.grid(len(pairs), len(steps), most=2, height=2.3, share_x="all")
        fig, axes = made.figure, made.panels
        for row, (a, b) in zip(axes, pairs, strict=True):
            for ax, step in zip(row, steps, strict=True):
                panel = df[(df["class_a"] == a) & (df["class_b"] == b) & (df["step"] == step)]
                violins(ax, panel, (a, b), clip)
        for ax, step in zip(axes[0], steps, strict=True):
            seen = df[df["step"] == step].iloc[0]
            ax.set_title(
                f"step {step:,}\naccuracy: training {seen['accuracy_train']:.1%}, "
                f"test {seen['accuracy_test']:.1%}".replace("%", " %"),
                loc="left",
            )
        for ax in {*axes.flat} - {*made.first()}:
            ax.tick_params(axis="y", length=0, labelleft=False)
        for ax in made.lowest():
            ax.set_xlabel(f"margin, signed distance to the\nboundary of the two (cut at ±{clip:g})")
        run = df.iloc[0]
        setting = f"weight decay {run[DECAY]:g}, seed {run['seed']}"
        handles = [
            Patch(color=COLOURS[split], label=f"{split}, {side} the line of its class")
            for split, side in SIDES.items()
        ]
        handles += [
            Line2D([], [], color="black", linewidth=0.9, linestyle="--", label="median"),
            Line2D([], [], color="black", linewidth=0.9, linestyle=":", label="quartiles"),
        ]
        layout.legend(fig, handles)
        style.title(fig, "Margins of training and of unseen samples", note, setting)
    return fig


def violins(ax: Axes, panel: pd.DataFrame, pair: tuple[int, int], clip: float) -> None:
    """One panel: a violin for each class, split by training and unseen, with quartile lines."""
    names = [f"class {label}" for label in pair]
    shown = panel.assign(label=[f"class {label}" for label in panel["label"]])
    sns.violinplot(
        shown,
        x="margin",
        y="label",
        hue="split",
        order=names,
        hue_order=list(COLOURS),
        palette=COLOURS,
        split=True,
        saturation=1,
        inner="quart",
        inner_kws={"linewidth": 0.8, "color": "black"},
        bw_adjust=BANDWIDTH,
        density_norm="width",
        legend=False,
        ax=ax,
    )
    for half in ax.collections:
        # If training samples have collapsed to a point, only the edge shows. So it gets their
        # colour.
        training = to_hex(half.get_facecolor()[0]) == to_hex(COLOURS["training"])
        half.set(edgecolor=half.get_facecolor(), linewidth=2.5 if training else 0.6)
    ax.axvline(0, color="0.4", linewidth=0.8, zorder=0)
    ax.set(xlim=(-clip, clip), xlabel="", ylabel="")
    outside = (panel["margin"].abs() > clip).mean()
    if outside > 0:
        ax.text(
            0.99,
            0.01,
            f"{outside:.1%} outside".replace("%", " %"),
            transform=ax.transAxes,
            ha="right",
            va="bottom",
            fontsize=style.SMALL,
            color=style.NOTE_COLOUR,
        )


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument("--margins", required=True, type=Path, help="margins of the study")
    args = arguments.parse_args(argv)
    clip = args.options.pop("clip")
    table = read(args.data, COLUMNS, METRICS)
    margins = read(args.margins, ["run", "step", "split", "class_a", "class_b", "label", "margin"])
    df = data(table, margins, **args.options)
    runs = left_out.all_but_one(table)
    write(draw(df, args.title_note, clip), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
