"""Draw the clock of collapse: when runs memorise, and when RNC1 falls, by learning rate × decay.

Marks are medians over the seeds of a study. Bars reach over the values of all seeds. A hollow mark
is the step at which training accuracy reaches ``fitted``. A filled mark is the step at which RNC1
has fallen by ``factor`` from its plateau after memorisation (sakamoto2026, Theorem 4.3). A line is
the clock with a floor, 1/τ = c η λ + 1/τ₀. Runs without decay are at the left end.
"""

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import events, seeds, trends
from latephase.drawing import layout, left_out, marks, series, style
from latephase.drawing.axes import log_value_axis, zero_log_axis
from latephase.errors import reporting
from latephase.runs.columns import DECAY, LR
from scripts.figures import parser, write
from scripts.reading import parse_with_others, read_several

OPTIONS = {
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
    "factor": {"type": "number", "exclusiveMinimum": 1, "default": 3.0},
    "stay": {"type": "integer", "minimum": 1, "default": 3},
}
"""``fitted``: a run memorises at this training accuracy. ``factor``: how far RNC1 must fall.
``stay``: how many logs must hold a level."""
COLUMNS = (
    "run",
    "step",
    "seed",
    "diverged_at",
    "accuracy_train",
    "optimizer.lr",
    "optimizer.weight_decay",
)
METRICS = ("rnc1",)
EVENTS = {"train": "memorised", "rnc1": "RNC1 fell"}
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 3)), (0, (3, 1, 1, 1, 1, 1)))
"""The strokes of the curves, which have no marks."""


def data(
    tables: dict[str, pd.DataFrame], fitted: float = 0.99, factor: float = 3.0, stay: int = 3
) -> pd.DataFrame:
    """What is drawn: study, event, rate (η λ), median, low, high, n; c and floor (1/τ₀) of a study.

    A median is NaN if it is unknown because runs lack the event. low and high are the earliest and
    the latest known time. c and floor are NaN if fewer than four medians at rates above 0 are
    known.
    """
    frames = []
    for study, table in tables.items():
        runs = events.fit_and_fall(table, "rnc1", fitted, stay, factor)
        runs["rate"] = runs[LR] * runs[DECAY]
        for event in EVENTS:
            found = runs.assign(time=runs[event].where(~runs[f"{event}_censored"]))
            found["latest"] = found["time"].fillna(np.inf)
            cells = found.groupby("rate")
            frame = pd.DataFrame(
                {
                    "median": cells["latest"].median().replace(np.inf, np.nan),
                    "low": cells["time"].min(),
                    "high": cells["time"].max(),
                    "n": cells["time"].count(),
                }
            ).reset_index()
            known = frame.dropna(subset="median").query("rate > 0")
            c, floor = np.nan, np.nan
            if event == "rnc1" and len(known) >= 4:
                times = known["median"].to_numpy()
                _, c, floor = trends.clock_with_floor(known["rate"].to_numpy(), times)
            frames.append(frame.assign(study=study, event=event, c=float(c), floor=float(floor)))
    columns = ["study", "event", "rate", "median", "low", "high", "n", "c", "floor"]
    return seeds.stacked(frames)[columns]


def draw(df: pd.DataFrame, note: str = "") -> Figure:
    """One panel."""
    studies = list(dict.fromkeys(df["study"]))
    looks = series.of_categories(studies)
    with style.style():
        fig, panels = layout.grid(1, 1, height=3.6)
        ax = panels[0, 0]
        place = zero_log_axis(ax, df["rate"])
        for study, look in looks.items():
            own = df[df["study"] == study]
            for event in EVENTS:
                times(ax, own[own["event"] == event], place, look._replace(filled=event == "rnc1"))
            curve(
                ax,
                own[own["event"] == "rnc1"],
                look.colour,
                DASHES[studies.index(study) % len(DASHES)],
            )
        marks.say_if_empty(ax, df["median"], True, "no run memorises")
        log_value_axis(ax)
        ax.set_xlabel("learning rate × weight decay")
        ax.set_ylabel("step")
        handles = [
            series.handle(look, label(df, study), linestyle=dashes)
            for (study, look), dashes in zip(looks.items(), itertools.cycle(DASHES))
        ]
        handles += [
            Line2D([], [], linestyle="none", marker="o", color="0.3", label="RNC1 fell"),
            Line2D([], [], marker="o", mfc="none", color="0.3", ls="none", label="memorised"),
            Line2D([], [], color="0.3", label="1/τ = c η λ + 1/τ₀"),
        ]
        layout.legend(fig, handles)
        style.title(fig, "The clock of collapse", note)
    return fig


def times(ax: Axes, part: pd.DataFrame, place: Callable, look: series.Look) -> None:
    """The medians of an event by rate. Each has a bar over its seeds."""
    part = part.dropna(subset="median")
    reach = [part["median"] - part["low"], part["high"] - part["median"]]
    ax.errorbar(place(part["rate"]), part["median"], reach, markersize=5, **look.points)


def curve(ax: Axes, part: pd.DataFrame, colour: str, dashes: str | tuple) -> None:
    """The fitted clock over the rates that it was fitted to."""
    known = part.dropna(subset=["median", "c"]).query("rate > 0")
    if known.empty:
        return
    rates = np.geomspace(known["rate"].min(), known["rate"].max(), 50)
    row = known.iloc[0]
    clock = 1 / (row["c"] * rates + row["floor"])
    ax.plot(np.log10(rates), clock, color=colour, linestyle=dashes, linewidth=1.2)


def label(df: pd.DataFrame, study: str) -> str:
    """A study's name, and the floor of its clock."""
    row = df[(df["study"] == study) & (df["event"] == "rnc1")].iloc[0]
    if np.isnan(row["c"]):
        return study
    floor = f"τ₀ = {1 / row['floor']:,.0f}" if row["floor"] else "no floor"
    return f"{study}\nc = {row['c']:.2g}, {floor}"


def left_out_of(tables: dict[str, pd.DataFrame], fitted: float, factor: float, stay: int) -> str:
    """Which runs have no time of memorisation, or none of a fall, within their budget."""
    lacking = {EVENTS[event]: set() for event in EVENTS}
    for study, table in tables.items():
        runs = events.fit_and_fall(table, "rnc1", fitted, stay, factor)
        for event, gone in zip(EVENTS, lacking.values(), strict=True):
            gone |= {f"{study} {run}" for run in runs.loc[runs[f"{event}_censored"], "run"]}
    never = {
        "never memorise": lacking["memorised"],
        "memorise, and RNC1 does not fall": lacking["RNC1 fell"] - lacking["memorised"],
    }
    return left_out.sentence(left_out.together(tables), never)


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    df = data(tables, **args.options)
    write(draw(df, args.title_note), df, args, left_out_of(tables, **args.options))


if __name__ == "__main__":
    with reporting():
        main()
