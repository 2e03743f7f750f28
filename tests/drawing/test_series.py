"""The looks of series: a colour and a mark each, the same for one optimizer everywhere."""

import numpy as np
import pytest

from latephase.drawing import colours, names, series


def test_each_has_a_mark_of_its_own_beside_its_colour():
    looks = series.by_order([0.3, 0.01, 0.1, 0.1])
    assert list(looks) == [0.01, 0.1, 0.3]
    assert [look.mark for look in looks.values()] == ["o", "s", "^"]
    assert [look.colour for look in looks.values()] == [*colours.ordered_palette(range(3)).values()]
    twenty = series.of_categories(f"arm {n}" for n in range(20))
    assert len({(look.mark, look.filled) for look in twenty.values()}) == 20


def test_an_optimizer_looks_the_same_in_every_figure():
    everywhere = series.of_optimizers(names.OPTIMIZERS)
    some = series.of_optimizers(["muon", "mine", "adam"])
    assert list(some) == ["adam", "muon", "mine"]
    assert some["muon"] == everywhere["muon"] and some["adam"] == everywhere["adam"]
    assert some["mine"].mark and (some["mine"].mark, some["mine"].filled) not in {
        (look.mark, look.filled) for look in everywhere.values()
    }


def test_no_mark_is_that_of_a_run_that_diverged():
    assert "X" not in series.MARKS


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_long_line_has_a_few_marks_between_those_of_the_others(place):
    look = series.by_order(range(3))[place]
    x = np.linspace(0, 5, 200)
    marked = look.sparse(x, place, 3)["markevery"]
    assert len(marked) == series.MARKED
    assert x[marked] == pytest.approx((np.arange(5) + (place + 0.5) / 3), abs=0.02)
    assert "markevery" not in look.sparse(x[:4], place, 3)


def test_a_handle_shows_what_the_line_does():
    look = series.Look("#332288", "^", filled=False)
    handle = series.handle(look, "a name", linestyle="--")
    assert handle.get_label() == "a name" and handle.is_dashed()
    assert handle.get_marker() == "^" and handle.get_markerfacecolor() == "white"
