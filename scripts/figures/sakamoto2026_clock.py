"""The clock of collapse: when a network memorises and when RNC1 falls, by learning rate × decay.

Of each study the medians over seeds, with all seeds' values as a bar: hollow the step at which
training accuracy reaches ``fitted``, filled the step at which RNC1 has fallen to its plateau after
that divided by ``factor`` (sakamoto2026, Theorem 4.3). Lines are the clock with a floor,
1/τ = c η λ + 1/τ₀. Runs without decay stand at the left end.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from latephase.analysis import events, seeds, trends
from latephase.drawing import colours, style
from latephase.drawing.axes import log_value_axis, zero_log_axis
from latephase.errors import UserError, reporting
from latephase.runs.columns import DECAY, LR
from scripts.figures import parser, write
from scripts.reading import read

OPTIONS = {
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
    "factor": {"type": "number", "exclusiveMinimum": 1, "default": 3.0},
    "stay": {"type": "integer", "minimum": 1, "default": 3},
}
"""``fitted``: the training accuracy of memorisation. ``factor``: how far RNC1 falls. ``stay``: logs
that must hold a level."""
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


def data(
    tables: dict[str, pd.DataFrame], fitted: float = 0.99, factor: float = 3.0, stay: int = 3
) -> pd.DataFrame:
    """What is drawn: study, event, rate (η λ), median, low, high, n; c and floor (1/τ₀) of a study.

    A median that runs without the event leave unknown is NaN; low and high are the earliest and the
    latest time known. c and floor are NaN with fewer than four known medians at rates above 0.
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
    palette = dict(zip(studies, colours.CATEGORIES * len(studies), strict=False))
    with style.style():
        fig = Figure(figsize=(8.4, 4.6))
        ax = fig.subplots()
        place = zero_log_axis(ax, df["rate"])
        for study, colour in palette.items():
            own = df[df["study"] == study]
            for event in EVENTS:
                times(ax, own[own["event"] == event], place, colour, hollow=event == "train")
            curve(ax, own[own["event"] == "rnc1"], colour)
        log_value_axis(ax)
        ax.set_xlabel("learning rate × weight decay")
        ax.set_ylabel("step")
        handles = [
            Line2D([], [], color=colour, marker="o", markersize=5, label=label(df, study))
            for study, colour in palette.items()
        ]
        handles += [
            Line2D([], [], linestyle="none", marker="o", color="0.3", label="RNC1 fell"),
            Line2D([], [], marker="o", mfc="none", color="0.3", ls="none", label="memorised"),
            Line2D([], [], color="0.3", label="1/τ = c η λ + 1/τ₀"),
        ]
        fig.legend(handles=handles, loc="outside right center")
        style.title(fig, "The clock of collapse", note)
    return fig


def times(ax: Axes, part: pd.DataFrame, place, colour: str, hollow: bool) -> None:
    """Medians of an event by rate, each with a bar over its seeds."""
    part = part.dropna(subset="median")
    reach = [part["median"] - part["low"], part["high"] - part["median"]]
    face = {"mfc": "none"} if hollow else {}
    at = place(part["rate"])
    ax.errorbar(at, part["median"], reach, color=colour, fmt="o", markersize=5, **face)


def curve(ax: Axes, part: pd.DataFrame, colour: str) -> None:
    """The fitted clock over the rates that it was fitted to."""
    known = part.dropna(subset=["median", "c"]).query("rate > 0")
    if known.empty:
        return
    rates = np.geomspace(known["rate"].min(), known["rate"].max(), 50)
    row = known.iloc[0]
    ax.plot(np.log10(rates), 1 / (row["c"] * rates + row["floor"]), color=colour, linewidth=1.2)


def label(df: pd.DataFrame, study: str) -> str:
    """A study's name, and the floor of its clock."""
    row = df[(df["study"] == study) & (df["event"] == "rnc1")].iloc[0]
    if np.isnan(row["c"]):
        return study
    floor = f"τ₀ = {1 / row['floor']:,.0f}" if row["floor"] else "no floor"
    return f"{study}\nc = {row['c']:.2g}, {floor}"


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument(
        "--beside", nargs="*", default=[], type=Path, help="data of other studies"
    )
    args = arguments.parse_args(argv)
    paths = [args.data, *args.beside]
    if len({path.stem for path in paths}) < len(paths):
        raise UserError("--beside: two files have one name; allowed: one file of each study")
    df = data({path.stem: read(path, COLUMNS, METRICS) for path in paths}, **args.options)
    write(draw(df, args.title_note), df, args)


if __name__ == "__main__":
    with reporting():
        main()
