"""The style of the figures: settings of matplotlib, titles, files.

Figures are made without pyplot, so nothing depends on what was drawn before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from latephase.storage.atomic import replacing

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
NOTE_COLOUR = "0.35"


@contextmanager
def style() -> Iterator[None]:
    """A context in which figures are made and saved, whatever the user's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def title(fig: Figure, text: str, note: str) -> None:
    """A figure's title, and below it, smaller, what the data are, in a band of their own."""
    height, left = fig.get_figheight(), 0.1 / fig.get_figwidth()
    fig.text(left, 1 - 0.1 / height, text, va="top", fontsize=11, fontweight="bold")
    fig.text(left, 1 - 0.33 / height, note, va="top", fontsize=8.5, color=NOTE_COLOUR)
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.55 / height))


def save(fig: Figure, pdf: Path, png: Path) -> None:
    """Write a figure as PDF (the same bytes for the same figure) and PNG (150 dpi)."""
    with style():
        # Only once for both files, or they would differ because text is rounded at their
        # resolutions.
        fig.get_layout_engine().execute(fig)
        fig.set_layout_engine("none")
        for path, options in (
            (Path(pdf), {"format": "pdf", "metadata": {"CreationDate": None}}),
            (Path(png), {"format": "png", "dpi": 150, "metadata": {"Software": None}}),
        ):
            with replacing(path) as part:
                fig.savefig(part, **options)
