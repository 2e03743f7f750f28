"""The house style of the figures: computing apart from drawing.

:func:`summarise` turns runs into a mean and an interval over seeds; the functions that take an
``ax`` draw such a table and decide nothing. Figures are made without pyplot, so that nothing
depends on what was drawn before.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from latephase import analysis
from latephase.errors import UserError
from latephase.writing import replacing

FIRST_STEP = 10
"""Where log-step axes begin, as in sakamoto2026; step 0 has no place on them."""

STYLE = {
    "font.family": "DejaVu Sans",  # Comes with matplotlib: the same on every machine.
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}
CATEGORIES = tuple(sns.color_palette("colorblind").as_hex())
"""Colour-blind safe colours for things without an order."""
NOTE_COLOUR = "0.35"
MOST_DECADES = 5
"""How many powers of ten have room beside each other below a narrow panel."""


def style():
    """A context in which figures are made and saved."""
    return mpl.rc_context(STYLE)


def ordered_palette(values: Sequence[float]) -> dict[float, str]:
    """A colour a value, dark for the smallest, for numbers with an order.

    Viridis without its palest end, which is lost on white: it keeps its order of lightness
    under colour blindness and in grey.
    """
    values = sorted(set(values))
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.88, max(len(values), 2)))
    return {
        value: mpl.colors.to_hex(shade)
        for value, shade in zip(values, shades[: len(values)], strict=True)
    }


def summarise(
    df: pd.DataFrame,
    x: str,
    y: str,
    hue: Sequence[str] = (),
    *,
    seed: str = "seed",
    resamples: int = analysis.RESAMPLES,
    confidence: float = analysis.CONFIDENCE,
    rng_seed: int = 0,
) -> pd.DataFrame:
    """Mean over seeds with a percentile bootstrap interval, for every x (and hue).

    Returns columns ``*hue``, x, mean, low, high, n (seeds with a value), sorted. Seeds
    without a value at an x (NaN: diverged) are left out there; low and high are NaN where
    fewer than two are left, and an x where none is left has no row. Arithmetic mean, also of
    metrics drawn on a log axis, as in the papers.

    Raises UserError where a seed has two runs at an x: of what else they differ in, it cannot tell.
    """
    if df.duplicated([*hue, x, seed]).any():
        told = ", ".join([*hue, x])
        raise UserError(f"a seed has several runs at one {told}; allowed: a study with one")
    frames = []
    groups = df.groupby(list(hue), sort=True) if hue else [((), df)]
    for key, group in groups:
        values = group.pivot(index=x, columns=seed, values=y).dropna(how="all")
        if values.empty:
            continue
        low, high = _mean_interval(values.to_numpy(float), resamples, confidence, rng_seed)
        frame = pd.DataFrame(dict(zip(hue, key, strict=True)), index=values.index)
        frame = frame.assign(
            mean=values.mean(axis=1), low=low, high=high, n=values.notna().sum(axis=1)
        )
        frames.append(frame.reset_index())
    columns = [*hue, x, "mean", "low", "high", "n"]
    return pd.concat(frames)[columns].reset_index(drop=True) if frames else _empty(columns)


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns below each other; those without a row set no column's type."""
    return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)


def _mean_interval(
    values: np.ndarray, resamples: int, confidence: float, rng_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The interval of the mean over the second axis of ``[X, S]``, NaN left out."""
    low, high = np.full((2, len(values)), np.nan)
    known = ~np.isnan(values)
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    # Rows that lack the same seeds share their draws: nearly always one pattern, all known.
    for pattern in np.unique(known, axis=0):
        if pattern.sum() < 2:
            continue
        rows = (known == pattern).all(axis=1)
        present = values[rows][:, pattern]
        draws = analysis.resampled_seeds(present.shape[1], resamples, rng_seed)
        weights = np.stack([(draws == i).mean(axis=1) for i in range(present.shape[1])])
        low[rows], high[rows] = np.quantile(present @ weights, tails, axis=1)
    return low, high


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=float) for column in columns})


def divergences(df: pd.DataFrame, y: str) -> pd.DataFrame:
    """The last measured row of y of each run that diverged, for a mark."""
    diverged = df[df["diverged_at"].notna()].dropna(subset=y).sort_values("step")
    return diverged.groupby("run", sort=True).tail(1)


def mean_and_interval(
    ax: Axes,
    summary: pd.DataFrame,
    x: str,
    hue: str,
    palette: Mapping,
    **line,
) -> Axes:
    """Draw a :func:`summarise`: a line for the mean, a translucent band for the interval."""
    for value, group in summary.groupby(hue, sort=True):
        colour = palette[value]
        ax.plot(group[x], group["mean"], color=colour, **line)
        ax.fill_between(
            group[x], group["low"], group["high"], color=colour, alpha=0.18, linewidth=0
        )
    return ax


def mark_divergences(
    ax: Axes, marks: pd.DataFrame, x: str, y: str, hue: str, palette: Mapping
) -> Axes:
    """A cross where a run was last seen before it diverged."""
    for value, group in marks.groupby(hue, sort=True):
        ax.plot(
            group[x],
            group[y],
            linestyle="none",
            marker="X",
            markersize=7,
            markeredgecolor="black",
            markeredgewidth=0.7,
            color=palette[value],
            zorder=5,
        )
    return ax


def log_step_axis(ax: Axes, last: float, first: float = FIRST_STEP) -> Axes:
    """A logarithmic axis of steps from ``first`` on, with a tick a decade.

    ``last`` is NaN where nothing was measured.
    """
    ax.set_xscale("log")
    ax.set_xlim(first, np.nanmax([last, 2 * first]) * 1.05)
    ax.xaxis.set_major_locator(LogLocator(base=10, numticks=20))
    ax.xaxis.set_minor_locator(LogLocator(base=10, subs=range(2, 10), numticks=200))
    ax.xaxis.set_minor_formatter(NullFormatter())
    return ax


def percent_axis(ax: Axes) -> Axes:
    """A vertical axis of fractions from 0 to 1, shown in per cent."""
    ax.set_ylim(-0.03, 1.03)
    ax.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    return ax


def log_value_axis(ax: Axes, which: str = "y") -> Axes:
    """A logarithmic axis, vertical or ``x``, without a crowd of labels on its minor ticks.

    Within two decades there are too few powers of ten: plain numbers at 1, 2 and 5. Values that
    differ by less than a tenth do not fill it: that may be rounding.
    """
    ax.set(**{f"{which}scale": "log"})
    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    low, high = axis.get_view_interval()
    if not (low > 0 and np.isfinite(high)):
        # Nothing is drawn that has a logarithm; with limits like these it cannot be saved.
        low, high = 1.0, 10.0
        ax.set(**{f"{which}lim": (low, high)})
    if high / low < 1.1:
        middle = (low * high) ** 0.5
        low, high = middle / 2, middle * 2
        ax.set(**{f"{which}lim": (low, high)})
    if high / low > 100:
        axis.set_major_locator(LogLocator(base=10, numticks=7))
    else:
        axis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5), numticks=10))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())
    return ax


def zero_log_axis(ax: Axes, values: Sequence[float]) -> Callable[[pd.Series], np.ndarray]:
    """A horizontal axis of values that is logarithmic, and has a place for 0 at its left end.

    Returns where values stand on it: log10, and for 0 one decade below the smallest other.
    """
    known = sorted({float(value) for value in values})
    logs = [np.log10(value) for value in known if value > 0]
    zero = np.floor(min(logs, default=0.0)) - 1
    places = {value: np.log10(value) if value > 0 else zero for value in known}
    decades = range(int(zero) + 1, int(np.ceil(max(logs, default=zero + 1))) + 1)
    decades = decades[:: 1 if len(decades) <= MOST_DECADES else 2]
    ticks = {float(d): f"$10^{{{d}}}$" for d in decades} | ({zero: "0"} if 0 in places else {})
    ax.set_xticks(list(ticks), list(ticks.values()))
    return lambda column: np.array([places[float(value)] for value in column])


def heat_map(ax: Axes, values: pd.DataFrame, norm: Normalize) -> Axes:
    """A table of numbers as colours, each with its number in two decimals; blank for NaN.

    Dark is small. The first row stands at the bottom, as on any vertical axis.
    """
    sns.heatmap(
        values,
        ax=ax,
        norm=norm,
        cmap="viridis",
        cbar=False,
        annot=True,
        fmt=".2f",
        annot_kws={"fontsize": 8},
        xticklabels=[short(value) for value in values.columns],
        yticklabels=[short(value) for value in values.index],
    )
    ax.invert_yaxis()
    ax.tick_params(length=0)
    ax.tick_params(axis="y", labelrotation=0)
    return ax


def short(value: float) -> str:
    """A number in few signs: 0.98, 2.5e-5."""
    return f"{value:g}".replace("e-0", "e-")


def title(fig: Figure, text: str, note: str) -> None:
    """A figure's title, and below it, smaller, what the data are, in a band of their own."""
    height, left = fig.get_figheight(), 0.1 / fig.get_figwidth()
    fig.text(left, 1 - 0.1 / height, text, va="top", fontsize=11, fontweight="bold")
    fig.text(left, 1 - 0.33 / height, note, va="top", fontsize=8.5, color=NOTE_COLOUR)
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.55 / height))


def save(fig: Figure, pdf: Path, png: Path) -> None:
    """Write a figure as PDF (the same bytes for the same figure) and PNG (150 dpi)."""
    with style():
        # Once for both, or they would differ by the rounding of text at their resolutions.
        fig.get_layout_engine().execute(fig)
        fig.set_layout_engine("none")
        for path, options in (
            (Path(pdf), {"format": "pdf", "metadata": {"CreationDate": None}}),
            (Path(png), {"format": "png", "dpi": 150, "metadata": {"Software": None}}),
        ):
            with replacing(path) as part:
                fig.savefig(part, **options)


def write_csv(df: pd.DataFrame, path: Path) -> None:
    """Write what a figure draws, whole or not at all."""
    with replacing(Path(path)) as part:
        df.to_csv(part, index=False)
