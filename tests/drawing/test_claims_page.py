"""The page of the claims: a row for each, its verdict marked, and text that stays text."""

import math

import pandas as pd
import pytest

from latephase.drawing.claims_page import number, page, threshold_text
from latephase.papers.claim import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, SAYS_LITTLE
from scripts.evaluate_claims import COLUMNS
from tests.drawing.rows import Rows

HOSTILE = "</th><script>pwned()</script> & <b>'\"1\"'"
ROW = dict.fromkeys(COLUMNS, HOSTILE) | {
    "estimate": -1.0321,
    "low": -1.1,
    "high": math.inf,
    "n_seeds": 3,
    "n_cells": 4,
    "threshold_low": -math.inf,
    "threshold_high": 0.1,
}


def test_a_row_says_what_was_found_what_was_predicted_and_what_follows():
    verdicts = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, SAYS_LITTLE, REPRODUCED)
    text = page(pd.DataFrame([ROW | {"verdict": verdict} for verdict in verdicts]), "quick")
    assert "2 reproduced, 1 says little, 1 not reproduced, 1 inconclusive. A claim" in text
    _, *rows = Rows(text).rows
    marked = ("✓ reproduced", "✗ not reproduced", "? inconclusive", "~ says little", "✓ reproduced")
    told = f"controls: {HOSTILE}"
    assert [row[3].replace("\n", "") for row in rows] == [mark + told for mark in marked]
    _, estimate, predicted, _, rests = rows[0]
    assert estimate == f"−1.03 [−1.1, ∞]{HOSTILE}"
    assert predicted.startswith("at most 0.1")
    assert rests.startswith("4 cells × 3 seeds")


def test_what_is_text_stays_text_in_a_page():
    text = page(pd.DataFrame([ROW | {"verdict": REPRODUCED}]), HOSTILE)
    assert "<script" not in text
    assert "<b>" not in text
    read = Rows(text)
    assert read.rows[1][0] == HOSTILE + f"{HOSTILE}, {HOSTILE}"
    assert not [attributes for _, attributes in read.elements if {"src", "href"} & {*attributes}]


def test_an_estimate_without_an_interval_stands_alone():
    row = ROW | {"verdict": INCONCLUSIVE, "estimate": math.nan, "low": math.nan, "unit": ""}
    assert Rows(page(pd.DataFrame([row]), "quick")).rows[1][1] == "not available"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0.5, math.inf, "at least 0.5"), (-math.inf, 2, "at most 2"), (-1, 1, "−1 to 1")],
)
def test_a_range_in_words(low, high, text):
    assert threshold_text(low, high) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1.23e+03"), (-0.25, "−0.25"), (-math.inf, "−∞")]
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text
