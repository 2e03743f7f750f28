"""The page of a table: numbers as a reader wants them, and text that stays text."""

import numpy as np
import pandas as pd
import pytest

from latephase.drawing.comparison_page import as_printed, number, page
from scripts.tables import Quantity
from tests.drawing.rows import Rows

HOSTILE = '</th><script>pwned()</script> & <b>\'"1"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, ""),
        (0.0, "0"),
        (0.12345, "0.123"),
        (0.8, "0.800"),
        (3185.69, "3190"),
        (12.34, "12.3"),
        (1234567.8, "1.23e6"),
        (2.14e-4, "2.14e−4"),
        (-0.5, "−0.500"),
        (4321.0, "4321"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
    ],
)
def test_our_values_have_three_digits_and_counts_all_of_theirs(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3185.69, "3185.69"),
        (2.14e-4, "2.14e−4"),
        (1.5e-5, "1.5e−5"),
        (0.8, "0.8"),
        (399.0, "399"),
        (0.0679, "0.0679"),
        (5e-4, "5e−4"),
        (10.0, "10"),
        (np.nan, ""),
    ],
)
def test_the_paper_s_values_have_the_digits_it_prints(value, text):
    assert as_printed(value) == text


def test_what_is_text_stays_text_in_a_page():
    df = pd.DataFrame({"optimizer": [HOSTILE], "x": [0.5], "published_x": [0.25]})
    text = page(df, HOSTILE, {"optimizer": HOSTILE}, [Quantity("x", HOSTILE, "x")], HOSTILE)
    assert "<script" not in text
    assert "<b>" not in text
    cells = Rows(text)
    assert text.count("pwned()") == 7  # title, heading, label, caption, two heads, row
    assert cells.rows[2] == [HOSTILE, "0.500", "0.25"]
    assert not [attributes for _, attributes in cells.elements if "onerror" in attributes]
    (policy,) = (a["content"] for _, a in cells.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
