"""Thinning: both ends of every run stay, the rest is even, and never more than asked for."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latephase.analysis.thinning import thinned


def study(*lengths):
    rows = [(f"r{i}", step) for i, n in enumerate(lengths) for step in range(n)]
    return pd.DataFrame(rows, columns=["run", "step"])


def test_what_fits_stays_as_it_is():
    df = study(3, 4)
    assert thinned(df, 7) is df


def test_a_run_keeps_its_ends_and_an_even_part_of_what_lies_between():
    assert thinned(study(9), 3)["step"].tolist() == [0, 4, 8]


def test_where_two_of_each_are_too_many_runs_are_left_out():
    kept = thinned(study(*[5] * 9), 6)
    assert kept["run"].drop_duplicates().tolist() == ["r0", "r4", "r8"]
    assert kept["step"].tolist() == [0, 4] * 3


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(2, 80))
def test_whatever_the_lengths(lengths, most):
    df = study(*lengths)
    kept = thinned(df, most)
    assert 0 < len(kept) <= max(most, 0)
    assert kept.index.is_monotonic_increasing
    for _, rows in kept.groupby("run"):
        whole = df[df["run"] == rows["run"].iloc[0]]
        assert {whole["step"].min(), whole["step"].max()} <= {*rows["step"]}


@pytest.mark.parametrize("most", [20_000, 20_001])
def test_the_size_that_must_fit_whole(most):
    assert len(thinned(study(*[80] * 250), most)) == 20_000
