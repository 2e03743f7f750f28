"""A table of numbers as colours."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from latephase.drawing import names
from latephase.drawing.style import SMALL, SMALLEST


def heat_map(ax: Axes, values: pd.DataFrame, norm: Normalize) -> None:
    """Draw a table of numbers as colours, each with its number in two decimals; blank for NaN.

    Dark is small. The first row is at the bottom, as on any vertical axis.
    """
    sns.heatmap(
        values,
        ax=ax,
        norm=norm,
        cmap="viridis",
        cbar=False,
        annot=True,
        fmt=".2f",
        annot_kws={"fontsize": SMALLEST},
        xticklabels=[names.short(value) for value in values.columns],
        yticklabels=[names.short(value) for value in values.index],
    )
    ax.invert_yaxis()
    ax.tick_params(length=0, labelsize=SMALL)
    ax.tick_params(axis="y", labelrotation=0)
