"""Draw what each intervention moves: generalisation in two columns, measures in the others.

There is a row for each intervention. It compares an arm of a study with its control at the same
seeds. A mark is the median change over seeds, with its interval. The grey band is a margin that was
stated beforehand: a change within it counts as none. An arrow means that the interval has no end on
that side. To the right, runs of the arm never reach the onset; to the left, runs of its control
never do. If the median has no finite value either, the mark is at the other end of the interval.
"""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Patch

from latephase.analysis import intervened
from latephase.drawing import layout, left_out, style
from latephase.errors import reporting
from scripts.figures import parser, write
from scripts.reading import parse_with_others, read_several

OPTIONS = {
    "fraction": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95},
    "stay": {"type": "integer", "minimum": 1, "default": 3},
    "measures": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "metric"}},
    "comparisons": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "study", "arm", "control"],
            "properties": {
                "name": {"type": "string"},
                "study": {"type": "string"},
                "arm": {"type": "string"},
                "control": {"type": "string"},
                "control_study": {"type": "string"},
            },
        },
    },
}
"""``fraction``: a run generalises at this share of the control's best final test accuracy.
``stay``: how many logs an onset and a last value take. ``measures``: what is shown in addition to
generalisation. ``comparisons``: what was done, and the two arms that differ in it."""
COLUMNS = ("run", "step", "seed", "arm", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test", "loss_train")
LOOKS = {
    "up": ("#d55e00", "#d55e00", "^", "rises"),
    "down": ("#0173b2", "#0173b2", "v", "falls"),
    "stays": ("0.35", "0.35", "o", "stays within the margin"),
    "undecided": ("0.45", "white", "o", "undecided"),
}
"""For each verdict: the colour, the filling and the shape of its mark, and its words."""
NOTHING = {intervened.BEFORE_FORK: "before\nthe fork"}
"""If no seed has a value in both arms: the words for a verdict, if they are not "no value"."""
ARROWS = (CARETLEFT, CARETRIGHT)
"""The arrow of an interval without a lower end, and of one without an upper end."""
COLUMN, TICKS = 0.55, 6.2
"""The largest width of a column's title in inches, and the size of the numbers below in points."""
UNITS = {intervened.ACCURACY: "points", intervened.ONSET: "decades\nof steps"}


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """A column for each quantity, a row for each intervention."""
    names = list(dict.fromkeys(df["intervention"]))
    quantities = list(dict.fromkeys(df["quantity"]))
    with style.style():
        high = 0.38 * len(names) + 1.1
        fig, panels = layout.grid(
            1, len(quantities), most=len(quantities), height=high, share_y="all"
        )
        for ax, quantity in zip(panels.flat, quantities, strict=True):
            panel(ax, df[df["quantity"] == quantity], names, quantity)
        told = [textwrap.fill(name, 15) for name in names]
        panels[0, 0].set_yticks(range(len(names)), told, fontsize=style.SMALL)
        panels[0, 0].set_ylim(len(names) - 0.5, -0.5)
        fig.get_layout_engine().set(
            w_pad=0.1
        )  # With less, the many columns leave no room for the names.
        layout.legend(fig, legend(df))
        style.title(
            fig, "What each intervention moves, and whether generalisation moves with it", note
        )
    return fig


def panel(ax: Axes, df: pd.DataFrame, names: list[str], quantity: str) -> None:
    """The changes of one quantity."""
    unit = 100.0 if quantity == intervened.ACCURACY else 1.0
    margin = unit * df["margin"].iloc[0]
    ax.axvspan(-margin, margin, color="0.9", linewidth=0, zorder=0)
    ax.axvline(0, color="0.5", linewidth=0.8)
    known = unit * df[["change", "low", "high"]].to_numpy(float)
    room = 1.4 if np.isinf(known).any() else 1.12  # An arrow needs more room than a mark.
    reach = room * max(np.abs(known[np.isfinite(known)]).max(initial=0), 1.3 * margin)
    ax.set_xlim(-reach, reach)
    end = float(f"{reach / 1.3:.1g}")
    ax.set_xticks([-end, 0, end], [f"−{end:g}", "0", f"+{end:g}"], fontsize=TICKS)
    label = {**intervened.GENERALISATION, **intervened.LABELS}[quantity]
    size = style.LABEL if "$" in label else style.SMALL
    ax.set_title(layout.wrapped(label, COLUMN, size), fontsize=size)
    ax.set_xlabel(UNITS.get(quantity, "decades"), fontsize=style.SMALL)
    ax.grid(axis="y", visible=False)
    for row in df.to_dict("records"):
        at = names.index(row["intervention"])
        if not row["seeds"]:
            place = {"transform": ax.get_yaxis_transform(), "ha": "center", "va": "center"}
            told = NOTHING.get(row["verdict"], "no value")
            ax.text(0.5, at, told, fontsize=style.SMALLEST, color="0.45", **place)
            continue
        colour, filling, shape, _ = LOOKS[row["verdict"]]
        low, change, high = (unit * row[name] for name in ("low", "change", "high"))
        ends = np.clip([low, high], -reach, reach)
        ax.hlines(at, *ends, color=colour, linewidth=1.6)
        for end, edge, head in zip((low, high), ends, ARROWS, strict=True):
            if np.isinf(end):
                ax.plot(edge, at, marker=head, color=colour, markersize=5, clip_on=False)
        if np.isinf(change):
            change = next((end for end in (high, low) if np.isfinite(end)), np.nan)
        ax.plot(change, at, shape, color=colour, mfc=filling, markersize=5, clip_on=False)


def legend(df: pd.DataFrame) -> list[Line2D | Patch]:
    """The legend: what marks, arrows and the band mean."""
    marks = []
    for verdict in (verdict for verdict in LOOKS if verdict in set(df["verdict"])):
        colour, filling, shape, words = LOOKS[verdict]
        look = {"linestyle": "none", "marker": shape, "markersize": 5}
        marks.append(Line2D([], [], color=colour, mfc=filling, label=words, **look))
    if np.isinf(df[["low", "high"]].to_numpy(float)).any():
        look = {"linestyle": "none", "marker": ARROWS[1], "markersize": 5}
        marks.append(Line2D([], [], color="0.45", label="runs without an onset", **look))
    return [*marks, Patch(color="0.9", label="margin")]


def left_out_of(tables: dict[str, pd.DataFrame], comparisons: list[dict[str, str]]) -> str:
    """Which runs are left out: those of arms in no comparison, and those that diverged."""
    runs = left_out.together(tables)
    shown = {(c["study"], c["arm"]) for c in comparisons}
    shown |= {(c.get("control_study", c["study"]), c["control"]) for c in comparisons}
    arms = zip(runs["study"], runs["arm"], strict=True)
    compared = np.array([arm in shown for arm in arms])
    reasons = {
        "of arms that are not compared": runs.loc[~compared, "run"],
        "diverged": runs.loc[compared & runs["diverged_at"].notna(), "run"],
    }
    return left_out.sentence(runs, reasons)


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    df = intervened.changes(tables, **args.options)
    write(draw(df, args.title_note), df, args, left_out_of(tables, args.options["comparisons"]))


if __name__ == "__main__":
    with reporting():
        main()
