"""The place of panels and legends: as wide as a page, and as tall as they need."""

import pytest
from matplotlib.lines import Line2D

from latephase.drawing import layout, style


@pytest.fixture(autouse=True)
def in_style():
    with style.style():
        yield


def places(made):
    """Rows and columns of the figure in which the panels stand."""
    spec = [[ax.get_subplotspec() for ax in row] for row in made.panels]
    return [[(s.rowspan.start, s.colspan.start) for s in row] for row in spec]


def test_panels_go_on_below_in_rows_as_alike_as_they_can_be():
    assert places(layout.grid(1, 5, most=4)) == [[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]]
    assert places(layout.grid(2, 3, most=2)) == [
        [(0, 0), (0, 1), (2, 0)],
        [(1, 0), (1, 1), (3, 0)],
    ]


def test_a_figure_is_as_wide_as_a_page_and_as_tall_as_its_rows():
    made = layout.grid(2, 3, most=2, height=1.5)
    assert made.figure.get_size_inches().tolist() == [7.0, 6.0]


def test_shared_axes_have_labels_at_the_edges_alone():
    made = layout.grid(2, 3, most=2, share_x="all", share_y="row")
    assert made.lowest() == [made.panels[1, 1], made.panels[1, 2]]
    assert made.first() == [made.panels[0, 0], made.panels[0, 2], *made.panels[1, ::2]]
    own = layout.grid(2, 3, most=2)
    assert own.lowest() == list(own.panels.flat)
    assert made.panels[0, 0].get_shared_y_axes().joined(*made.panels[0, ::2])
    assert not made.panels[0, 0].get_shared_y_axes().joined(*made.panels[:, 0])


def test_nothing_to_show_is_one_panel():
    assert layout.grid(1, 0).panels.shape == (1, 1)


@pytest.mark.parametrize("head_first", [True, False])
def test_a_legend_stands_inside_the_figure_which_grows(head_first):
    made = layout.grid(1, 2)
    handles = [Line2D([], [], label=f"a series of a long name, {n}") for n in range(7)]
    if head_first:
        style.title(made.figure, "Title", "note")
    before = made.figure.get_figheight()
    layout.legend(made.figure, handles, "what they are")
    assert made.figure.get_figheight() > before + 3 * layout.ENTRY
    if not head_first:
        style.title(made.figure, "Title", "note")
    made.figure.draw_without_rendering()
    (legend,) = made.figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= made.figure.bbox.width and box.y0 >= 0
    assert box.y1 < min(ax.get_tightbbox().y0 for ax in made.panels.flat)
    top = max(text.get_window_extent().y1 for text in made.figure.texts)
    assert made.figure.bbox.height - top == pytest.approx(style.EDGE * made.figure.dpi, abs=3)


def test_letters_of_a_legend_are_larger_where_there_are_exponents():
    plain, exponents = layout.grid(1, 1).figure, layout.grid(1, 1).figure
    layout.legend(plain, [Line2D([], [], label="plain")])
    layout.legend(exponents, [Line2D([], [], label="$W^2$")])
    sizes = [fig.legends[0].get_texts()[0].get_fontsize() for fig in (plain, exponents)]
    assert sizes == [style.SMALL, style.LABEL]


def test_a_label_is_wrapped_between_its_words():
    assert layout.wrapped("short", 1.0) == "short"
    assert layout.wrapped("NC2, condition number of the means", 1.4) == (
        "NC2\ncondition number of\nthe means"
    )
    assert layout.wrapped(r"a word and $x + y + z + u + v + w$", 0.9).count("$") == 2
    assert layout.wrapped("unbreakable", 0.1) == "unbreakable"
