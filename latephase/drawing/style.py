"""The style of the figures: settings of matplotlib, titles, files.

Figures are made without pyplot, so nothing depends on what was drawn before.
"""

import textwrap
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


TITLE, NOTE = "title", "note"
"""How a figure's texts of its head are found again."""
HEAD = {
    TITLE: {"fontsize": 11, "fontweight": "bold"},
    NOTE: {"fontsize": 8.5, "color": NOTE_COLOUR},
}
LINE = {TITLE: 0.2, NOTE: 0.16}
"""Inches that a line takes."""
LETTERS = {TITLE: 11, NOTE: 15}
"""Letters of a line that fit into an inch."""


def title(fig: Figure, text: str, note: str) -> None:
    """The title of a figure and, in smaller letters below it, what the data are.

    Both are wrapped to the width of the figure, which grows in height by the lines beyond the
    first. A second call takes the place of the first.
    """
    before = _lines_beyond_the_first(fig)
    for old in [t for t in fig.texts if t.get_gid() in HEAD]:
        old.remove()
    width, left = fig.get_figwidth(), 0.1 / fig.get_figwidth()
    wrapped = {
        gid: textwrap.wrap(words, int(LETTERS[gid] * (width - 0.2))) or [""]
        for gid, words in ((TITLE, text), (NOTE, note))
    }
    beyond = sum(LINE[gid] * (len(lines) - 1) for gid, lines in wrapped.items())
    fig.set_figheight(fig.get_figheight() + beyond - before)
    height, top = fig.get_figheight(), 0.1
    for gid, lines in wrapped.items():
        fig.text(left, 1 - top / height, "\n".join(lines), va="top", gid=gid, **HEAD[gid])
        top += LINE[gid] * len(lines) + 0.03
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - (0.55 + beyond) / height))


def retitle(fig: Figure, text: str) -> None:
    """Another title, above the note that is there."""
    (note,) = (found.get_text() for found in fig.texts if found.get_gid() == NOTE)
    title(fig, text, " ".join(note.split("\n")))


def _lines_beyond_the_first(fig: Figure) -> float:
    """The inches that a figure has grown by for the lines of its head; 0 where it has none."""
    heads = (found for found in fig.texts if found.get_gid() in HEAD)
    return sum(LINE[found.get_gid()] * found.get_text().count("\n") for found in heads)


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
