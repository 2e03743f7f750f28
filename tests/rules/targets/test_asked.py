"""What is made if everything at a scale is asked for."""

from pathlib import Path

from tests.rules.targets.asking import SCALE


def test_figures_and_tables_of_a_scale_are_files(shipped):
    figures, tables = shipped.asked.figures(SCALE), shipped.asked.tables(SCALE)
    assert {Path(file).suffix for file in figures} == {".pdf", ".png", ".csv"}
    assert len(figures) == 3 * len(shipped.catalog.chosen_figures(SCALE))
    assert len(tables) == 2 * len(shipped.catalog.chosen_tables(SCALE))
    assert len(shipped.asked.titles(SCALE)) == len(figures) // 3 + len(tables) // 2


def test_every_study_has_data_and_an_explorer(shipped):
    chosen = shipped.catalog.chosen_studies(SCALE)
    assert shipped.asked.studies(SCALE) == [
        f"results/quick/studies/{name}.parquet" for name in chosen
    ]
    assert shipped.asked.explorers(SCALE) == [
        f"results/quick/explore/{name}.html" for name in chosen
    ]
