"""Draw what moves when, for several studies: each measure's change, and the two onsets.

There is a row for each measure and a panel for each study. 0 is the step of generalisation. The
dotted line on its left is the step of memorisation. A mark is the median over runs of the measure's
change point. Its bar is the interval over seeds, and its colour says what the change goes with. If
a measure has no change that can be placed, words in its row say so. A hollow dot is the step at
which half of the fall is done, if that is another time.
"""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import delay, events, lead_lag
from latephase.drawing import layout, left_out, style
from latephase.errors import reporting
from scripts.figures import parser, write
from scripts.reading import parse_with_others, read_several

OPTIONS = {
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
    "fraction": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95},
    "stay": {"type": "integer", "minimum": 1, "default": 1},
    "arms": {
        "type": "object",
        "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "default": {},
    },
}
"""``fitted``: a run memorises at this training accuracy. ``fraction``: it generalises at this share
of the best final test accuracy of runs with as many training samples. ``stay``: how many logs must
hold an accuracy. ``arms``: for each study, the arms that have a panel. A study that is not named
has one panel."""
COLUMNS = ("run", "step", "seed", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test")
VERDICTS = (
    *("before both", "memorisation", "undecided", "generalisation", "after both"),
    "no delay",
)
PALETTE = dict(zip(VERDICTS, ("#332288", "#0173b2", "0.55", "#d55e00", "#882255", "0.3"),
                   strict=True))  # fmt: skip
MARKS = dict(zip(VERDICTS, "<sDo>P", strict=True))
HALF = {"marker": "o", "mfc": "white", "color": "0.3", "linestyle": "none", "ms": 4}
"""The look of the step at which half of the fall is done."""
NAME = 14
"""How many letters of a study's name have room above a panel."""
APART = lead_lag.APART
"""Half of the fall is shown if it is at least so many decades from the change point."""


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A panel for each study. All panels have the same list of measures."""
    studies = list(dict.fromkeys(df["study"]))
    labels = {m.column: m.label for m in lead_lag.MEASURES if m.column in set(df["measure"])}
    order = list(labels)
    with style.style():
        fig, panels = layout.grid(1, len(studies), height=0.21 * len(order) + 1.1, share_y="all")
        for ax, study in zip(panels.flat, studies, strict=True):
            panel(ax, df[df["study"] == study], order)
            ax.set_title(textwrap.fill(study.replace("_", " "), NAME))
            ax.set_xlabel("decades after\ngeneralisation")
        panels[0, 0].set_yticks(range(len(order)), labels.values())
        panels[0, 0].set_ylim(len(order) - 0.5, -0.5)
        layout.legend(fig, legend([v for v in VERDICTS if v in set(df["goes_with"])]))
        style.title(fig, "What moves with memorisation, and what with generalisation", note)
    return fig


def panel(ax: Axes, df: pd.DataFrame, order: list[str]) -> None:
    """The measures of one study."""
    ax.axvline(0, color="0.25", linewidth=1)
    if not df.empty:
        ax.axvline(-df["delay"].iloc[0], color="0.25", linewidth=1.2, linestyle=(0, (1, 1.5)))
    for row in df.itertuples():
        at = order.index(row.measure)
        if row.goes_with in lead_lag.UNPLACED.values():
            place = {"transform": ax.get_yaxis_transform(), "va": "center"}
            place |= {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
            ax.text(0.02, at, row.goes_with, fontsize=style.SMALL, color="0.4", **place)
            continue
        colour = PALETTE[row.goes_with]
        ax.hlines(at, row.to_test_low, row.to_test_high, color=colour, linewidth=2)
        ax.plot(row.to_test, at, MARKS[row.goes_with], color=colour, markersize=5)
        if abs(row.half_apart) >= APART:
            ax.plot(row.to_test + row.half_apart, at, **HALF)


def legend(verdicts: list[str]) -> list[Line2D]:
    """The legend: what colours and strokes mean."""
    dot = {"linestyle": "none", "markersize": 5}
    told = {
        "memorisation": "with memorisation",
        "generalisation": "with generalisation",
        "no delay": "no delay to tell by",
    }
    return [
        *(
            Line2D([], [], color=PALETTE[v], marker=MARKS[v], label=told.get(v, v), **dot)
            for v in verdicts
        ),
        Line2D([], [], color="0.25", linestyle=(0, (1, 1.5)), label="memorisation"),
        Line2D([], [], color="0.25", label="generalisation"),
        Line2D([], [], label="half of the fall", **HALF),
    ]


def left_out_of(
    tables: dict[str, pd.DataFrame], arms: dict[str, list[str]], **limits: float
) -> str:
    """Which runs are left out: those of arms without a panel, and those without both onsets.

    ``limits`` are those of :func:`latephase.analysis.lead_lag.leads`.
    """
    fitted, fraction, stay = (limits[name] for name in ("fitted", "fraction", "stay"))
    other, never, memorised = set(), set(), set()
    for study, table in tables.items():
        cut = lead_lag.by_arm({study: table}, {study: arms[study]} if study in arms else {})
        shown = set().union(*(set(part["run"]) for part in cut.values()))
        other |= {f"{study} {run}" for run in set(table["run"]) - shown}
        for part in cut.values():
            level = events.generalisation_levels(part, fraction, stay)
            runs = delay.delays(part, fitted=fitted, level=level, stay=stay).set_index("run")
            unfitted, ungeneralised = runs["train_censored"], runs["test_censored"]
            never |= {f"{study} {run}" for run in runs.index[unfitted]}
            memorised |= {f"{study} {run}" for run in runs.index[~unfitted & ungeneralised]}
    lacking = {
        "of arms that are not shown": other,
        "never memorise": never,
        "memorise and never generalise": memorised,
    }
    return left_out.sentence(left_out.together(tables), lacking)


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    limits = {name: args.options[name] for name in ("fitted", "fraction", "stay")}
    arms = args.options["arms"]
    df = lead_lag.of_studies(lead_lag.by_arm(tables, arms), **limits)
    runs = df.groupby("study", sort=False)["runs"].first()
    note = "; ".join([args.title_note, f"{runs.sum()} runs memorise and generalise"])
    write(draw(df, note), df, args, left_out_of(tables, arms, **limits))


if __name__ == "__main__":
    with reporting():
        main()
