"""The look of a figure's series: a colour, and a mark that distinguishes the series in grey.

A dashed line has another meaning in these figures, such as another metric or another length of
training.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from latephase.drawing import colours, names

MARKS = ("o", "s", "^", "D", "v", "P", "*", "<", ">", "p")
"""They are filled in the first round and hollow in the second. A cross marks a run that
diverged."""
MARKED = 5
"""How many points of a line have a mark."""


class Look(NamedTuple):
    """The look of a series."""

    colour: str
    mark: str
    filled: bool = True

    @property
    def points(self) -> dict[str, Any]:
        """The arguments of ``plot`` for points without a line."""
        return self.line | {"linestyle": "none"}

    @property
    def line(self) -> dict[str, Any]:
        """The arguments of ``plot`` for a line with a mark at each point."""
        face = self.colour if self.filled else "white"
        return {"color": self.colour, "marker": self.mark, "markerfacecolor": face}

    def sparse(self, x: Iterable[float], place: int = 0, of: int = 1) -> dict[str, Any]:
        """The arguments of ``plot`` for a line of many points, a few of which have a mark.

        The marks are spread evenly over the positions ``x``. The marks of series number ``place``
        of ``of`` lie between those of the other series.
        """
        x = np.asarray(list(x), dtype=float)
        if len(x) <= MARKED:
            return self.line
        share = (np.arange(MARKED) + (place + 0.5) / of) / MARKED
        wanted = x[0] + share * (x[-1] - x[0])
        return self.line | {"markevery": sorted({int(np.abs(x - at).argmin()) for at in wanted})}


def looks(palette: Mapping[Hashable, str]) -> dict[Hashable, Look]:
    """A look for each series of a palette: its colour, and the mark of its place."""
    return {key: Look(colour, *_mark(place)) for place, (key, colour) in enumerate(palette.items())}


def by_order(values: Iterable[Hashable]) -> dict[Hashable, Look]:
    """A look for each value, dark for the smallest."""
    present = sorted(set(values))
    shades = colours.ordered_palette(range(len(present)))
    return looks(dict(zip(present, shades.values(), strict=True)))


def of_categories(values: Iterable[Hashable]) -> dict[Hashable, Look]:
    """A look for each of some things without an order."""
    present = list(dict.fromkeys(values))
    return looks(dict(zip(present, colours.CATEGORIES * len(present), strict=False)))


def of_optimizers(present: Iterable[str]) -> dict[str, Look]:
    """A look for each optimizer. Optimizers with a name here look the same in every figure."""
    palette = colours.of_optimizers(present)
    marks = {name: _mark(place) for place, name in enumerate(names.OPTIMIZERS)}
    others = [name for name in palette if name not in marks]
    marks |= {name: _mark(len(marks) + place) for place, name in enumerate(others)}
    return {name: Look(colour, *marks[name]) for name, colour in palette.items()}


def handle(look: Look, label: str, **line: Any) -> Line2D:
    """The handle of a series in a legend."""
    return Line2D([], [], label=label, **(look.line | line))


def _mark(place: int) -> tuple[str, bool]:
    """The mark at a place, and whether it is filled."""
    round_, place = divmod(place, len(MARKS))
    return MARKS[place], round_ % 2 == 0
