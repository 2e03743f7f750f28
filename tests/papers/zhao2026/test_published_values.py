"""The paper's own numbers, from the theory without training."""

from pathlib import Path

import pandas as pd

from latephase.papers.zhao2026 import theory

PUBLISHED = Path(__file__).parents[3] / "catalog/zhao2026/published"
START = 1.7544
PAPER = {"steps": 200 * 469, "milestones": [66 * 469, 133 * 469]}


def test_figure_5_without_training():
    """All 56 values of NC0, printed with two decimals, from one start value."""
    values = pd.read_csv(PUBLISHED / "zhao2026_fig5.csv")
    assert len(values) == 56
    factors = theory.sgd_factor(
        theory.learning_rates(0.001, **PAPER), values["momentum"], values["weight_decay"]
    )
    assert abs(START * factors[-1] - values["nc0"]).max() < 0.0051


def test_table_2_of_sgdw():
    """0.55, by learning rate 0.0679 and weight decay 5e-4."""
    values = pd.read_csv(PUBLISHED / "zhao2026_table2.csv", index_col="optimizer")
    factors = theory.sgdw_factor(theory.learning_rates(0.0679, **PAPER), 5e-4)
    assert abs(START * factors[-1] - values.loc["sgdw", "nc0"]) < 0.0051


def test_published_values_are_numbers_with_their_precision():
    for path in PUBLISHED.glob("*.csv"):
        values = pd.read_csv(path)
        numbers = values.drop(columns=["optimizer", "decay", "lr"], errors="ignore")
        assert all(map(pd.api.types.is_numeric_dtype, numbers.dtypes)), path
        read_off = path.stem in ("zhao2026_fig1", "zhao2026_fig3", "zhao2026_fig30")
        assert ("relative_error" in values) == read_off
        assert f"`{path.name}`" in (PUBLISHED / "README.md").read_text()
