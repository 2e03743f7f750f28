"""The head of a figure, wrapped to its width in a figure that grows; and the sizes of letters."""

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from latephase.drawing import style

LONG = "A title of many words that goes on and on " * 3


@pytest.fixture
def fig():
    with style.style():
        made = Figure(figsize=(5.0, 3.0))
        made.subplots().plot([1, 2])
        yield made


def test_a_figure_grows_by_its_head(fig):
    style.title(fig, "Title", "a note")
    assert style.head(fig) == {"title": "Title", "note": "a note"}
    one_line_each = style.LINE["title"] + style.LINE["note"]
    assert fig.get_figheight() == pytest.approx(3.0 + style.EDGE + one_line_each + 0.06)
    before = fig.get_figheight()
    style.say_runs(fig, "All 3 runs are drawn.")
    assert fig.get_figheight() == pytest.approx(before + style.LINE["runs"])


def test_a_long_head_is_wrapped_inside_the_figure_which_grows(fig):
    style.title(fig, "Short", "note")
    short = fig.get_figheight()
    style.title(fig, LONG, "note " * 60)
    lines = {text.get_gid(): text.get_text().count("\n") for text in fig.texts}
    assert lines["title"] >= 1 and lines["note"] >= 1
    beyond = sum(style.LINE[gid] * more for gid, more in lines.items())
    assert fig.get_figheight() == pytest.approx(short + beyond)
    assert style.head(fig)["title"] == LONG.strip()
    fig.draw_without_rendering()
    axes = fig.axes[0].get_tightbbox()
    for text in fig.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= fig.bbox.width
        assert box.y0 > axes.y1


def test_a_name_is_not_broken_at_its_hyphen(fig):
    style.title(fig, "A name like this-one-is-all-of-it " * 3, "note")
    (title,) = [text for text in fig.texts if text.get_gid() == style.TITLE]
    lines = title.get_text().split("\n")
    assert len(lines) > 1 and not any(line.endswith("-") for line in lines)


def test_the_layout_is_computed_at_the_resolution_of_the_png(fig, tmp_path):
    style.save(fig, tmp_path / "figure.pdf", tmp_path / "figure.png")
    assert imread(tmp_path / "figure.png").shape[1] == fig.bbox.width


def test_another_title_takes_the_place_of_the_first(fig):
    style.title(fig, LONG, "note " * 60)
    style.say_runs(fig, "All 3 runs are drawn.")
    style.retitle(fig, "Short")
    assert style.head(fig) == {
        "title": "Short",
        "note": ("note " * 60).strip(),
        "runs": "All 3 runs are drawn.",
    }
    again = Figure(figsize=(5.0, 3.0), layout="constrained")
    style.title(again, "Short", "note " * 60)
    style.say_runs(again, "All 3 runs are drawn.")
    assert fig.get_figheight() == pytest.approx(again.get_figheight())


def test_a_head_of_no_words_takes_no_line(fig):
    style.title(fig, "", "")
    assert style.head(fig) == {"title": "", "note": ""}
    assert fig.get_figheight() == pytest.approx(3.0 + style.EDGE + 0.06)


def test_exponents_of_labels_are_large_enough():
    assert style.LABEL * style.EXPONENT >= style.SMALLEST
    assert style.SMALL >= style.SMALLEST
