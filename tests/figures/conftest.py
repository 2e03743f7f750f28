"""A study by weight decay with a run that diverged, and margins of it."""

import pytest

from latephase.runs.columns import DECAY
from tests.papers.sakamoto2026 import synthetic


@pytest.fixture(scope="module")
def table():
    return synthetic.diverge(synthetic.study_table(decays=(0.3, 0.1, 0.03)), "0.1-43", 3000)


@pytest.fixture(scope="module")
def margins(table):
    chosen = table[table[DECAY] == 0.1]
    return synthetic.margins_table(chosen, steps=(500, 100_000), pairs=((0, 1), (4, 5)))
