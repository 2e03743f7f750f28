"""The style of the figures: settings of matplotlib, font sizes, heads, and files.

Figures are made without pyplot, so they do not depend on what was drawn before. They are as wide as
a page of a paper (:mod:`latephase.drawing.layout`), so readers see these font sizes.
"""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from latephase.storage.atomic import replacing

SMALLEST = 6.0
"""Points. No letter of a figure is smaller."""
DPI = 150
"""Pixels in an inch of a PNG. The layout is computed at this resolution, because the width of a
letter is rounded to pixels."""
EXPONENT = 0.7
"""The size of an exponent or an index, relative to the letters beside it, as in matplotlib."""
LABEL = 9.0
"""Points of the labels of axes. Their exponents have 6.3 points."""
SMALL = 7.5
"""Points of plain words: in a legend, in a panel, and below the title."""
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same on every machine
    "font.size": LABEL,
    "axes.titlesize": LABEL,
    "axes.labelsize": LABEL,
    "xtick.labelsize": LABEL,
    "ytick.labelsize": LABEL,
    "legend.fontsize": LABEL,
    "legend.title_fontsize": LABEL,
    "legend.frameon": False,
    "legend.columnspacing": 1.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
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
    "figure.dpi": DPI,
}
NOTE_COLOUR = "0.35"


@contextmanager
def style() -> Iterator[None]:
    """A context in which figures are made and saved, independent of the user's matplotlibrc."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


TITLE, NOTE, RUNS = "title", "note", "runs"
"""The ids of the texts of a figure's head, from the top down."""
HEAD = {
    TITLE: {"fontsize": 10, "fontweight": "bold"},
    NOTE: {"fontsize": SMALL, "color": NOTE_COLOUR},
    RUNS: {"fontsize": SMALL, "color": NOTE_COLOUR},
}
LINE = {TITLE: 0.18, NOTE: 0.14, RUNS: 0.14}
"""Inches that a line needs."""
LETTERS = {TITLE: 12, NOTE: 16, RUNS: 16}
"""Letters of a line that fit into an inch."""
EDGE = 0.1
"""Inches between the head and the edges of the figure."""


def title(fig: Figure, text: str, *notes: str) -> None:
    """Write the title of a figure and, in smaller letters below it, notes on the data.

    Both are wrapped to the width of the figure. A second call replaces the first.
    """
    _write_head(fig, head(fig) | {TITLE: text, NOTE: "; ".join(filter(None, notes))})


def retitle(fig: Figure, text: str) -> None:
    """Replace the title, and keep the note below it."""
    _write_head(fig, head(fig) | {TITLE: text})


def say_runs(fig: Figure, text: str) -> None:
    """Write below the note which runs the figure leaves out.

    The sentence comes from :mod:`latephase.drawing.left_out`.
    """
    _write_head(fig, head(fig) | {RUNS: text})


def head(fig: Figure) -> dict[str, str]:
    """The texts of a figure's head, unwrapped."""
    return {
        text.get_gid(): " ".join(text.get_text().split("\n"))
        for text in fig.texts
        if text.get_gid() in HEAD
    }


def _write_head(fig: Figure, texts: dict[str, str]) -> None:
    """Replace the head of a figure, and change the height of the figure by the difference."""
    old = [text for text in fig.texts if text.get_gid() in HEAD]
    taken = _room(old) if old else 0.0
    for text in old:
        text.remove()
    wrapped = {
        gid: "\n".join(
            textwrap.wrap(texts[gid], int(LETTERS[gid] * _inside(fig)), break_on_hyphens=False)
        )
        for gid in HEAD
        if gid in texts
    }
    new = [fig.text(0, 0, words, va="top", gid=gid, **HEAD[gid]) for gid, words in wrapped.items()]
    fig.set_figheight(fig.get_figheight() + _room(new) - taken)
    height, top = fig.get_figheight(), EDGE
    for text in new:
        text.set_position((EDGE / fig.get_figwidth(), 1 - top / height))
        top += _lines(text) * LINE[text.get_gid()]
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - _room(new) / height))


def _inside(fig: Figure) -> float:
    """The inches between the edges of a figure."""
    return fig.get_figwidth() - 2 * EDGE


def _lines(text: Text) -> int:
    """The number of lines of a text; 0 if it is empty."""
    return len(text.get_text().splitlines())


def _room(texts: list[Text]) -> float:
    """The inches that a head needs, with the space below it."""
    return EDGE + sum(_lines(text) * LINE[text.get_gid()] for text in texts) + 0.06


def save(fig: Figure, pdf: Path, png: Path) -> None:
    """Write a figure as PDF (the same bytes for the same figure) and PNG."""
    with style():
        # The layout is computed once for both files. Otherwise they would differ, because text
        # is rounded at each file's resolution.
        fig.get_layout_engine().execute(fig)
        fig.set_layout_engine("none")
        for path, options in (
            (Path(pdf), {"format": "pdf", "metadata": {"CreationDate": None}}),
            (Path(png), {"format": "png", "dpi": DPI, "metadata": {"Software": None}}),
        ):
            with replacing(path) as part:
                fig.savefig(part, **options)
