"""What a paper prints, by its numbers: names read from places, and places told from names."""

import random

import pytest

from latephase.catalog import printed

PLACES = [
    ("Figure 3, first row", ["fig3"]),
    ("Figures 3 and 6, claim (i)", ["fig3", "fig6"]),
    ("Figures 10 to 12", ["fig10", "fig11", "fig12"]),
    ("Figures 1, 3 to 5 and 9", ["fig1", "fig3", "fig4", "fig5", "fig9"]),
    ("Figure 2c", ["fig2"]),
    ("Theorem 3.2, Figure 5", ["fig5"]),
    ("Figure 1, Table 3, claim (i)", ["fig1", "table3"]),
    ("Theorem 4.3 and Section 5", []),
    ("beyond the paper", []),
    ("Configure 7", []),
]


@pytest.mark.parametrize(("where", "names"), PLACES)
def test_a_place_names_figures_and_tables(where, names):
    assert printed.named_in(where) == names


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("zhao2026_fig5", "Figure 5"),
        ("han2025_fig4b", "Figure 4b"),
        ("zhao2026_table12", "Table 12"),
        ("a2_clock", "Ours"),
    ],
)
def test_a_name_is_told_as_the_paper_has_it(name, label):
    assert printed.label(name) == label


def test_two_comes_before_fourteen_and_ours_at_the_end():
    figures = ["p_fig2", "p_fig3", "p_fig3b", "p_fig4", "p_fig14"]
    ordered = [*figures, "p_table1", "p_table10", "p_clock", "p_thm32"]
    mixed = random.Random(0).sample(ordered, len(ordered))
    assert sorted(mixed, key=printed.natural) == ordered


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ("1", "1"),
        ("21", "1 and 2"),
        ("312", "1 to 3"),
        ("124569", "1, 2, 4 to 6 and 9"),
        (["8", "9", "10"], "8 to 10"),
        (["5", "4b", "3", "4"], "3, 4, 4b and 5"),
    ],
)
def test_numbers_in_few_signs(numbers, told):
    assert printed.ranges(numbers) == told
    plain = sorted(int(n.rstrip("b")) for n in numbers)
    assert printed.named_in(f"Figures {told}") == [f"fig{n}" for n in plain]


@pytest.mark.parametrize(
    ("parts", "told"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_in_a_row_have_an_and_before_the_last(parts, told):
    assert printed.listed(parts) == told
