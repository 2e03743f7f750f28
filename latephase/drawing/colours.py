"""The colours of categories, ordered numbers and optimizers."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np

from latephase.drawing import names

CATEGORIES = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
"""Colour-blind safe colours for things without an order: seaborn's palette "colorblind"."""
OTHERS = ("#332288", "#882255", "#117733", "#999933", "#661100", "#6699cc", "#aa4466")
"""Colours for what :mod:`latephase.drawing.names` does not list, darker in each repetition."""
OPTIMIZERS = dict(zip(names.OPTIMIZERS, CATEGORIES, strict=False))
"""The colours of optimizers, which are the same in every figure."""


def ordered_palette(values: Iterable[float]) -> dict[float, str]:
    """A colour for each value, dark for the smallest, for numbers with an order.

    Viridis without its palest end, which is lost on white: it keeps its order of lightness
    under colour blindness and in grey.
    """
    values = sorted(set(values))
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.88, max(len(values), 2)))
    return {
        value: mpl.colors.to_hex(shade)
        for value, shade in zip(values, shades[: len(values)], strict=True)
    }


def of_optimizers(present: Iterable[str]) -> dict[str, str]:
    """A colour for each optimizer, in the order in which legends list them.

    An optimizer that has no colour in :data:`OPTIMIZERS` gets the next one of :data:`OTHERS`, in
    the order of their names.
    """
    present = names.ordered(present)
    others = sorted(name for name in present if name not in OPTIMIZERS)
    found = OPTIMIZERS | {name: _other(place) for place, name in enumerate(others)}
    return {name: found[name] for name in present}


def _other(place: int) -> str:
    """The colour at a place in :data:`OTHERS`, repeated without end."""
    rounds, place = divmod(place, len(OTHERS))
    return mpl.colors.to_hex([part * 0.6**rounds for part in mpl.colors.to_rgb(OTHERS[place])])
