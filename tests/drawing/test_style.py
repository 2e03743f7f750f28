"""The head of a figure: wrapped to its width, the figure as tall as it needs to be."""

import pytest
from matplotlib.figure import Figure

from latephase.drawing import style

LONG = "A title of many words that goes on and on " * 3


@pytest.fixture
def fig():
    with style.style():
        made = Figure(figsize=(5.0, 3.0))
        made.subplots().plot([1, 2])
        yield made


def head(fig):
    return {text.get_gid(): text.get_text() for text in fig.texts}


def test_a_short_head_leaves_the_figure_as_it_is(fig):
    style.title(fig, "Title", "a note")
    assert head(fig) == {"title": "Title", "note": "a note"}
    assert fig.get_figheight() == 3.0


def test_a_long_head_is_wrapped_inside_the_figure_which_grows(fig):
    style.title(fig, LONG, "note " * 60)
    beyond = sum(style.LINE[gid] * text.count("\n") for gid, text in head(fig).items())
    assert beyond > 0.3 and fig.get_figheight() == pytest.approx(3.0 + beyond)
    assert " ".join(head(fig)["title"].split()) == LONG.strip()
    fig.draw_without_rendering()
    axes = fig.axes[0].get_tightbbox()
    for text in fig.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= fig.bbox.width
        assert box.y0 > axes.y1


def test_another_title_takes_the_place_of_the_first(fig):
    style.title(fig, LONG, "note " * 60)
    style.retitle(fig, "Short")
    assert head(fig)["title"] == "Short"
    assert " ".join(head(fig)["note"].split()) == ("note " * 60).strip()
    again = Figure(figsize=(5.0, 3.0), layout="constrained")
    style.title(again, "Short", "note " * 60)
    assert fig.get_figheight() == pytest.approx(again.get_figheight())


def test_titles_of_no_words_take_a_line(fig):
    style.title(fig, "", "")
    assert head(fig) == {"title": "", "note": ""} and fig.get_figheight() == 3.0
