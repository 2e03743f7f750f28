"""Draw which measure tells whether and when a run will generalise, for several studies.

There is a row for each measure and a column of two panels for each study. The upper panel shows how
well the measure tells from which steps a run generalises within a decade. The lower panel shows how
well it tells which of two runs at the same step generalises first. Circles stand for scores with
seeds held out, and squares for scores with settings held out. A dashed line is the better of two
baselines, which are the steps so far and the training loss. A filled, coloured mark is better than
that.
"""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import forecast
from latephase.drawing import layout, left_out, style
from latephase.errors import reporting
from scripts.figures import parser, write
from scripts.reading import parse_with_others, read_several

OPTIONS = {
    "fraction": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95},
    "stay": {"type": "integer", "minimum": 1, "default": 1},
    "settings": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["optimizer.lr", "optimizer.weight_decay", "data.train_size"],
    },
}
"""``fraction``: a run generalises at this share of the best final test accuracy of runs with as
many training samples. ``stay``: how many logs must hold it. ``settings``: the columns that tell
settings apart, if a study has them."""
COLUMNS = ("run", "step", "seed", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test", "loss_train")
NAMES = {"auroc": "AUROC", "order": "rank correlation"}
"""The names of the scores below their panels."""
TOLD = (
    "AUROC: is this a step from which the run generalises within a decade of steps? "
    "Rank correlation: which of two runs at the same step generalises first?"
)
CHANCE = {"auroc": 0.5, "order": 0.0}
LIMITS = {"auroc": (0.2, 1.03), "order": (-1.05, 1.05)}
NAME = 20
"""How many letters of a study's name have room above a panel."""
DASHES = {"seed": (0, (4, 1.5)), "setting": (0, (1, 1.2))}
LOOKS = {
    "better": ("#d55e00", "os", True),
    "no better": ("0.4", "os", False),
    "baseline": ("0.4", "os", False),
    "worse": ("0.65", "<>", True),
    "undecided": ("#0173b2", "dD", False),
}
"""For each verdict: the colour, the shapes if seeds and if settings are held out, and whether the
shapes are filled."""
APART = 0.17
"""How far the two marks of a measure are above and below its row."""


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A row of panels for each score, and a column for each study."""
    studies = list(dict.fromkeys(df["study"]))
    known = {
        m.column: m.label for m in (*forecast.BASELINES, forecast.REFERENCE, *forecast.MEASURES)
    }
    labels = {name: label for name, label in known.items() if name in set(df["measure"])}
    with style.style():
        height = 0.17 * len(labels) + 0.6
        fig, panels = layout.grid(len(NAMES), len(studies), height=height, share_y="all")
        for score, row in zip(NAMES, panels, strict=True):
            for study, ax in zip(studies, row, strict=True):
                ax.set_xlabel(NAMES[score], fontsize=style.SMALL)
                panel(ax, df[df["study"] == study], score, list(labels))
                if score == "auroc":
                    told = heading(study, df[df["study"] == study])
                    ax.set_title(told, fontsize=style.SMALL)
        panels[0, 0].set_yticks(range(len(labels)), labels.values())
        for tick in (tick for ax in panels.flat for tick in ax.get_yticklabels()):
            tick.set_fontsize(style.LABEL if "$" in tick.get_text() else style.SMALL)
        panels[0, 0].set_ylim(len(labels) - 0.5, -0.5)
        layout.legend(fig, legend(df))
        style.title(fig, "Which measure tells when a run will generalise", note, TOLD)
    return fig


def heading(study: str, df: pd.DataFrame) -> str:
    """A study's name, its runs, and how many of them never generalise."""
    runs, never = int(df["runs"].max()), int(df["never"].max())
    words = textwrap.fill(study.replace("_", " "), NAME)
    return f"{words}\n{runs} runs, {never} never\ngeneralise"


def panel(ax: Axes, df: pd.DataFrame, score: str, order: list[str]) -> None:
    """A study's measures by one score, with the better baseline as a line."""
    ax.axvline(CHANCE[score], color="0.8", linewidth=0.8)
    ax.set_xlim(*LIMITS[score])
    ax.tick_params(axis="x", labelsize=style.SMALL)
    for held_out, group in df.groupby("held_out", sort=True):
        best = group.loc[group[f"{score}_verdict"] == "baseline", score].max()
        if best == best:
            ax.axvline(best, color="0.2", linewidth=0.9, linestyle=DASHES[held_out])
        for row in group.to_dict("records"):
            if row[score] != row[score]:
                continue
            at = order.index(row["measure"]) + (APART if held_out == "setting" else -APART)
            ax.hlines(
                at,
                row[f"{score}_low"],
                row[f"{score}_high"],
                linewidth=1,
                color=LOOKS[row[f"{score}_verdict"]][0],
            )
            ax.plot(row[score], at, **mark(row[f"{score}_verdict"], held_out))
    if df[score].isna().all():
        middle = {"transform": ax.transAxes, "ha": "center", "fontsize": style.SMALL}
        ax.text(0.5, 0.5, "no two runs\nto compare", color=style.NOTE_COLOUR, **middle)


def mark(verdict: str, held_out: str) -> dict[str, object]:
    """The mark of a score, by its verdict and by what was held out."""
    colour, shapes, filled = LOOKS[verdict]
    shape = shapes[list(forecast.GROUPS).index(held_out)]
    face = colour if filled else "white"
    return {"color": colour, "marker": shape, "mfc": face, "ms": 3.4, "mew": 0.8, "ls": "none"}


def legend(df: pd.DataFrame) -> list[Line2D]:
    """The legend: what shapes, fillings and lines mean."""
    told = {
        "better": "better than both baselines",
        "no better": "no better",
        "worse": "worse",
        "undecided": "below five seeds",
    }
    found = {*df["auroc_verdict"], *df["order_verdict"]}
    lines = {
        held_out: {**mark("no better", held_out), "ls": DASHES[held_out], "linewidth": 0.9}
        for held_out in forecast.GROUPS
        if held_out in set(df["held_out"])
    }
    return [
        *(
            Line2D([], [], label=text, **mark(verdict, "seed"))
            for verdict, text in told.items()
            if verdict in found
        ),
        *(
            Line2D([], [], label=f"{forecast.GROUPS[held_out]} held out; line: a baseline", **look)
            for held_out, look in lines.items()
        ),
    ]


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    df = forecast.of_studies(tables, **args.options)
    never = {"never asked": set()}
    for study, table in tables.items():
        asked = forecast.asked(table, **args.options)["run"]
        never["never asked"] |= {f"{study} {run}" for run in {*table["run"]} - {*asked}}
    runs = left_out.sentence(left_out.together(tables), never)
    write(draw(df, args.title_note), df, args, runs)


if __name__ == "__main__":
    with reporting():
        main()
