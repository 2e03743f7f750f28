"""The places of panels and legends on a figure that is as wide as a page of a paper.

The height of a figure is the sum of the heights of its panels, its legend and its head. Each of
them adds its own.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from latephase.drawing.style import LABEL, SMALL

WIDTH = 7.0
"""The width of every figure in inches. It is the width of the text on a paper's page."""
HANDLE = 0.55
"""Inches that an entry of a legend needs beside its words, for the stroke and the space around
it."""
ENTRY = 0.17
"""Inches that a line of a legend needs."""


class Grid(NamedTuple):
    """A figure and its panels, an array of axes ``[rows, columns]``."""

    figure: Figure
    panels: np.ndarray

    def lowest(self) -> list[Axes]:
        """The panels that show the labels of their horizontal axes."""
        return [ax for ax in self.panels.flat if ax.xaxis.get_tick_params()["labelbottom"]]

    def first(self) -> list[Axes]:
        """The panels at the left edge."""
        return [ax for ax in self.panels.flat if ax.get_subplotspec().is_first_col()]


def grid(
    rows: int,
    columns: int,
    *,
    most: int = 4,
    height: float = 1.8,
    share_x: str = "none",
    share_y: str = "none",
) -> Grid:
    """Make panels over the whole width, at most ``most`` side by side.

    Further columns continue below, in blocks of ``rows`` rows. The blocks are as equal in width as
    possible.

    Args:
        rows, columns: the shape of the array of panels.
        most: the largest number of panels side by side.
        height: inches of a row.
        share_x: which panels share a horizontal axis: "all", each "column", or "none".
        share_y: which panels share a vertical axis: "all", each "row", or "none".
    """
    columns = max(columns, 1)  # if there is nothing to show, one empty panel
    blocks = -(-columns // most)
    wide = -(-columns // blocks)
    fig = Figure(figsize=(WIDTH, blocks * rows * height))
    places = fig.add_gridspec(blocks * rows, wide)
    panels = np.empty((rows, columns), dtype=object)
    for row, column in np.ndindex(rows, columns):
        block, across = divmod(column, wide)
        like_x = {"all": panels[0, 0], "column": panels[0, column], "none": None}[share_x]
        like_y = {"all": panels[0, 0], "row": panels[row, 0], "none": None}[share_y]
        place = places[block * rows + row, across]
        ax = panels[row, column] = fig.add_subplot(place, sharex=like_x, sharey=like_y)
        below = row + 1 < rows or (share_x == "all" and column + wide < columns)
        ax.tick_params(labelbottom=share_x == "none" or not below)
        ax.tick_params(labelleft=share_y == "none" or across == 0)
    return Grid(fig, panels)


def legend(fig: Figure, handles: Sequence[Artist], title: str | None = None) -> None:
    """Add a legend below the panels, in as many columns as fit side by side.

    The figure grows by the height of the legend, so the head may be written before or after this
    call.
    """
    labels = [handle.get_label() for handle in handles]
    size = LABEL if any("$" in label for label in labels) else SMALL
    widest = max((_inches(line, size) for text in labels for line in text.split("\n")), default=0)
    columns = max(1, min(len(labels), int((WIDTH - 0.2) / (widest + HANDLE))))
    rows = -(-len(labels) // columns)
    columns = -(-len(labels) // rows) if rows else 1  # no column is left half empty
    lines = rows * max((label.count("\n") + 1 for label in labels), default=0) + bool(title)
    style = {"fontsize": size, "title_fontsize": size}
    fig.legend(handles=handles, loc="outside lower center", ncols=columns, title=title, **style)
    _grow(fig, ENTRY * lines + 0.1)


def _grow(fig: Figure, inches: float) -> None:
    """Make a figure taller at the bottom, and keep the distance of its head from the upper edge."""
    before, after = fig.get_figheight(), fig.get_figheight() + inches
    fig.set_figheight(after)
    for text in fig.texts:
        if text.get_gid():
            text.set_y(1 - (1 - text.get_position()[1]) * before / after)
    engine = fig.get_layout_engine()
    left, bottom, width, high = engine.get()["rect"]
    engine.set(rect=(left, bottom, width, 1 - (1 - high) * before / after))


def _inches(text: str, size: float) -> float:
    """The width of a line of text."""
    return TextPath((0, 0), text, size=size).get_extents().width / 72 if text.strip() else 0.0


def wrapped(text: str, inches: float, size: float = LABEL) -> str:
    """Wrap a label into lines of at most so many inches, if its words are not longer.

    If the label has a comma, the part after the comma begins a new line.
    """
    if _inches(text, size) <= inches:
        return text
    name, comma, rest = text.partition(", ")
    if comma:
        return f"{wrapped(name, inches, size)}\n{wrapped(rest, inches, size)}"
    lines: list[str] = []
    for word in re.findall(r"(?:\$[^$]*\$|\S)+", text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _inches(longer, size) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)
