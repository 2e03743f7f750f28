"""What every figure holds, whoever draws it: ``faults(fig)`` is empty, or says what is wrong."""

import re
from collections import defaultdict
from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from latephase.drawing import style
from latephase.drawing.layout import WIDTH

TOUCH = 1.0
"""Pixels that two texts may share: their boxes have room around the letters."""
NEAR = 0.07
"""Of an axis: a label so far from its end stands at its end."""
EXPONENT = re.compile(r"\$.*[\^_].*\$")


def faults(fig):
    """Each fault of a figure in words."""
    with style.style():
        if fig.get_layout_engine() is not None:
            fig.get_layout_engine().execute(fig)
        canvas = FigureCanvasAgg(fig)
        fig.draw_without_rendering()
        renderer = canvas.get_renderer()
        return [
            *too_wide(fig),
            *small_letters(fig),
            *collisions(fig, renderer),
            *open_ends(fig),
            *alike_in_grey(fig),
        ]


def panels(fig):
    return [ax for ax in fig.axes if ax.axison]


def texts(fig):
    """Every text that is seen, by what it is."""
    found = [("head", text) for text in fig.texts if text.get_gid()]
    found += [("figure", text) for text in fig.texts if not text.get_gid()]
    for legend in [*fig.legends, *(ax.get_legend() for ax in fig.axes if ax.get_legend())]:
        found += [("legend", text) for text in [*legend.get_texts(), legend.get_title()]]
    for number, ax in enumerate(fig.axes):
        found += [(f"panel {number}", text) for text in ax.texts]
        if not ax.axison:
            continue
        own = [ax.title, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label]
        found += [(f"panel {number}", text) for text in own]
        for which, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                reach = 1e-9 * abs(high - low)
                if low - reach <= tick.get_loc() <= high + reach:
                    found += [
                        (f"{which} ticks {number}", label)
                        for label in (tick.label1, tick.label2)
                        if label.get_visible()
                    ]
    return [(kind, text) for kind, text in found if text.get_visible() and text.get_text().strip()]


def too_wide(fig):
    if fig.get_figwidth() > WIDTH + 1e-9:
        yield f"{fig.get_figwidth():.2f} in wide, not {WIDTH}"


def small_letters(fig):
    for kind, text in texts(fig):
        smallest = text.get_fontsize()
        if EXPONENT.search(text.get_text()):
            smallest *= style.EXPONENT
        if smallest < style.SMALLEST:
            yield f"{kind}: {text.get_text()!r} has letters of {smallest:.1f} pt"


def collisions(fig, renderer):
    """Texts on each other, or beyond the edges of the figure."""
    boxes = [(kind, text.get_text(), text.get_window_extent(renderer)) for kind, text in texts(fig)]
    width, height = fig.bbox.width, fig.bbox.height
    for kind, text, box in boxes:
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
            yield f"{kind}: {text!r} is beyond the edge"
    for (kind, text, one), (other_kind, other_text, other) in combinations(boxes, 2):
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        if wide > TOUCH and high > TOUCH:
            yield f"{kind} {text!r} is on {other_kind} {other_text!r}"


def open_ends(fig):
    """Ends of logarithmic axes, or of such with a place for 0, that have no label."""
    for number, ax in enumerate(panels(fig)):
        for which, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
            ticks = axis.get_majorticklocs()
            labels = axis.get_major_formatter().format_ticks(ticks)
            if axis.get_scale() != "log" and not any("10^" in label for label in labels):
                continue
            scaled = axis.get_transform().transform
            low, high = scaled(np.sort(axis.get_view_interval()))
            at = [
                (scaled(tick) - low) / (high - low)
                for tick, label in zip(ticks, labels, strict=True)
                if label
            ]
            for end in (0, 1):
                if not any(abs(place - end) <= NEAR for place in at):
                    yield f"panel {number}: no label at end {end} of {which}"


def stroke(line):
    """What tells a line from another without its colour."""
    mark = line.get_marker() if line.get_marker() not in ("None", "", " ", None) else ""
    hollow = bool(mark) and to_hex(line.get_markerfacecolor()) in ("#ffffff", to_hex("white"))
    hollow = hollow or str(line.get_markerfacecolor()) == "none"
    dashes = str(line.get_linestyle() if not line.is_dashed() else line._unscaled_dash_pattern)
    return mark, hollow, dashes


def alike_in_grey(fig):
    """Lines of one panel in two colours that have the same marks and dashes."""
    for number, ax in enumerate(panels(fig)):
        colours = defaultdict(set)
        for line in ax.lines:
            if line.get_marker() == "X" or not np.isfinite(line.get_xydata()).all(axis=1).any():
                continue  # a run that diverged, on its own line; a line that is not seen
            if line.get_transform() in (ax.get_xaxis_transform(), ax.get_yaxis_transform()):
                continue  # a line across the panel, which is no series
            colours[stroke(line)].add(to_hex(line.get_color()))
        for which, some in colours.items():
            if len(some) > 1:
                yield f"panel {number}: {len(some)} colours have the stroke {which}"
