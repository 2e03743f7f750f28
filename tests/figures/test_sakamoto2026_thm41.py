"""The variance of a few samples: what is drawn is the last step's."""

import numpy as np
import pytest

from latephase.metrics.contraction import A_CLASS
from latephase.runs.columns import DECAY
from scripts.figures import sakamoto2026_thm41 as program
from tests.papers.sakamoto2026 import synthetic


def with_gaps(table):
    """Gaps that fall as 1/√n and are larger with less decay; at the last step alone."""
    last = table["step"] == table["step"].max()
    gaps = {
        f"variance_gap_{size}_a_class": np.where(last, size**-0.5 / table[DECAY], 99.0)
        for size in A_CLASS
    }
    return table.assign(**gaps)


@pytest.fixture(scope="module")
def whole():
    """A study in which no run diverges."""
    return with_gaps(synthetic.study_table(decays=(0.3, 0.1)))


def test_the_columns_are_those_of_the_family():
    assert tuple(f"variance_gap_{size}_a_class" for size in A_CLASS) == program.METRICS


def test_the_last_step_by_number_of_samples(whole):
    df = program.data(whole)
    np.testing.assert_allclose(df["mean"], df["samples"] ** -0.5 / df[DECAY])
    assert set(df["n"]) == {3}
    (ax,) = program.draw(df).axes
    assert ax.get_xscale() == ax.get_yscale() == "log"
    lines = [line for line in ax.lines if len(line.get_xdata()) == len(A_CLASS)]
    assert len(lines) == 4
    for line, root in zip(lines[:2], lines[2:], strict=True):
        np.testing.assert_allclose(line.get_ydata(), root.get_ydata())


def test_nothing_measured(whole):
    empty = whole.assign(**dict.fromkeys(program.METRICS, np.nan))
    (ax,) = program.draw(program.data(empty)).axes
    assert [text.get_text() for text in ax.texts] == ["not measured"]
