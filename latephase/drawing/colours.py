"""The colours of categories, of ordered numbers, and of optimizers."""

from collections.abc import Iterable

import matplotlib as mpl
import numpy as np

from latephase.drawing import names

CATEGORIES = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
"""Colours for things without an order, safe for colour-blind readers: seaborn's palette
"colorblind"."""
OTHERS = ("#332288", "#882255", "#117733", "#999933", "#661100", "#6699cc", "#aa4466")
"""Colours for optimizers that :mod:`latephase.drawing.names` does not list. Each repetition is
darker."""
OPTIMIZERS = dict(zip(names.OPTIMIZERS, CATEGORIES, strict=False))
"""The colours of optimizers. They are the same in every figure."""


def ordered_palette(values: Iterable[float]) -> dict[float, str]:
    """A colour for each number, dark for the smallest.

    The colours are viridis without its palest end, which is invisible on white. Viridis keeps its
    order of lightness under colour blindness and in grey.
    """
    values = sorted(set(values))
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.88, max(len(values), 2)))
    return {
        value: mpl.colors.to_hex(shade)
        for value, shade in zip(values, shades[: len(values)], strict=True)
    }


def of_optimizers(present: Iterable[str]) -> dict[str, str]:
    """A colour for each optimizer, in the order in which legends list them.

    An optimizer without a colour in :data:`OPTIMIZERS` gets the next one of :data:`OTHERS`, in the
    alphabetical order of such optimizers.
    """
    present = names.ordered(present)
    others = sorted(name for name in present if name not in OPTIMIZERS)
    palette = OPTIMIZERS | {name: _other(place) for place, name in enumerate(others)}
    return {name: palette[name] for name in present}


def _other(place: int) -> str:
    """The colour at a place in :data:`OTHERS`, which is repeated endlessly."""
    rounds, place = divmod(place, len(OTHERS))
    return mpl.colors.to_hex([part * 0.6**rounds for part in mpl.colors.to_rgb(OTHERS[place])])
