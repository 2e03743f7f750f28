"""What each target is made of: the expected jobs, written down."""

import json
import re

import pytest

from tests.one_study import STUDY

pytestmark = pytest.mark.workflow

FAMILIES = ("collapse", "nc0", "flatness", "information")


def table(packs: int) -> dict[str, int]:
    """The jobs behind a study's table."""
    extractions = {"extract": packs * len(FAMILIES)}
    return {"prepare_data": 1, "train": packs, "aggregate": 1} | extractions


MARGINS = {"extract_margins": 1}
PAGES = {"figure": 3, "claims": 1, "report": 1, "gallery": 1}
SHOWN = PAGES | {"all": 1}
TARGETS = {
    "all": table(2) | MARGINS | SHOWN,
    "figures": table(2) | MARGINS | {"figure": 3, "figures": 1},
    "studies": table(2) | {"studies": 1},
    "results/quick/figures/sakamoto2026_fig2.pdf": table(2) | MARGINS | {"figure": 1},
    "results/quick/figures/sakamoto2026_fig3.pdf": table(2) | {"figure": 1},
    "results/quick/figures/atlas_overview.png": table(2) | {"figure": 1},
    "results/quick/claims.csv": table(2) | {"claims": 1},
    "results/quick/index.html": table(2) | MARGINS | PAGES,
    "results/quick/atlas/index.html": table(2)
    | {"figure": 1, "claims_of_paper": 1, "gallery_of_paper": 1},
    "results/quick/explore/weight_decay_mlp.html": table(2) | {"explorer": 1},
    "explorers": table(2) | {"explorer": 1, "explorers": 1},
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_needs_these_jobs(sources, target):
    assert sources.jobs(target) == TARGETS[target]


def test_one_metric_of_a_pack_needs_that_pack_alone(sources):
    pack = sorted(sources.trained_packs())[0]
    jobs = sources.jobs(f"results/packs/{pack}/nc0.parquet")
    assert jobs == {"prepare_data": 1, "train": 1, "extract": 1}


def test_the_paper_s_scale_is_thirty_runs_in_twelve_packs(sources):
    text = sources.commands("--config", "scale=paper")
    packs = [json.loads(pack) for pack in re.findall(r"<<<'(\{.*?\})' 2>&1", text)]
    assert len(packs) == 12
    assert sum(len(pack["runs"]) for pack in packs) == 30
    assert sources.jobs("--config", "scale=paper") == table(12) | MARGINS | SHOWN


def test_a_batch_is_a_part_of_the_packs_and_the_last_has_the_table(sources):
    table = "results/quick/studies/weight_decay_mlp.parquet"
    first = sources.jobs("--batch", "aggregate=1/2", "--", table)
    assert first["train"] == 1
    assert "aggregate" not in first
    text, status = sources.run("-n", "--batch", "aggregate=2/2", "--", table)
    assert status != 0
    assert "not all previous batches" in text


def test_a_path_names_its_scale(sources):
    """Whatever the configuration's scale is."""
    jobs = sources.jobs("results/paper/figures/sakamoto2026_fig3.pdf")
    assert jobs == table(12) | {"figure": 1}


def test_a_scale_that_a_study_lacks_is_said(fresh_project):
    study = fresh_project.read_yaml(STUDY)
    del study["scales"]["paper"]
    fresh_project.write_yaml(STUDY, study)
    text, status = fresh_project.run("-n", "results/paper/figures/sakamoto2026_fig3.pdf")
    assert status != 0
    assert "weight_decay_mlp.yaml: no scale 'paper'; allowed: quick" in text


def test_a_chosen_figure_is_the_only_one_made(sources):
    jobs = sources.jobs("figures", "--config", "figures=[sakamoto2026_fig3]")
    assert jobs == table(2) | {"figure": 1, "figures": 1}


def name_its_length(project) -> dict:
    """Have the study's data say its length, which they may leave out."""
    study = project.read_yaml(STUDY)
    for setting in study["scales"].values():
        setting["grid"] |= {"steps": [setting["steps"]]}
    project.write_yaml(STUDY, study)
    return study


def test_a_figure_of_published_values_is_given_them(fresh_project):
    """And is drawn again when one of them is mended; a bundle holds them, as any data."""
    name_its_length(fresh_project)
    entry = {"title": "x", "study": "weight_decay_mlp", "files": ["data", "published"]}
    entry |= {"script": "zhao2026_fig2", "published": "zhao2026_table6"}
    fresh_project.write_yaml("catalog/zhao2026/figures.yaml", {"zhao2026_fig5": entry})
    file = "catalog/zhao2026/published/zhao2026_table6.csv"
    commands = fresh_project.commands("results/quick/bundles/zhao2026_fig5.zip")
    first, _, second = commands.partition("scripts.start bundle")
    assert f"--published {file}" in first
    assert f"--published {file}" in second.partition("--files")[2]
    (fresh_project.folder / file).unlink()
    text, status = fresh_project.run("-n", "results/quick/figures/zhao2026_fig5.pdf")
    assert status != 0
    assert f"zhao2026_fig5.files: there is no {file}" in text


@pytest.fixture
def tabled(fresh_project):
    """Two tables of papers: one of the study alone, one of another beside it."""
    study = name_its_length(fresh_project)
    for setting in study["scales"].values():
        setting["grid"] = {"optimizer.name": ["adamw"], "optimizer.lr": [0.01], "seed": [1]}
        del setting["margins"]
    fresh_project.write_yaml("catalog/own/studies/another.yaml", study)
    one = {"title": "$(touch pwned)", "study": "weight_decay_mlp"}
    one["files"] = ["data", "published"]
    two = one | {"beside": ["another"], "files": ["data", "beside", "published"]}
    entries = {"zhao2026_table2": one | {"published": "zhao2026_table3"}, "zhao2026_table7": two}
    fresh_project.write_yaml("catalog/zhao2026/tables.yaml", entries)
    return fresh_project


def test_tables_are_of_the_default_targets_and_of_the_report(tabled):
    both = table(3) | {"prepare_data": 1, "aggregate": 2}
    assert tabled.jobs() == both | MARGINS | SHOWN | {"table": 2}
    assert tabled.jobs("results/quick/report.html") == {
        name: count
        for name, count in (both | MARGINS | SHOWN | {"table": 2}).items()
        if name not in ("gallery", "all")
    }
    assert tabled.jobs("tables") == both | {"table": 2, "tables": 1}


def test_a_table_needs_its_own_studies(tabled):
    assert tabled.jobs("results/quick/tables/zhao2026_table2.csv") == table(2) | {"table": 1}
    both = table(3) | {"aggregate": 2}
    assert tabled.jobs("results/quick/tables/zhao2026_table7.html") == both | {"table": 1}
    assert tabled.jobs("tables", "--config", "scale=paper")["table"] == 2


def test_a_table_is_given_what_the_catalog_names(tabled):
    commands = tabled.commands("tables").replace("\\\n", " ")
    (first,) = re.findall(r"python -m scripts.start tables.zhao2026_table2 .*?tee", commands, re.S)
    (second,) = re.findall(r"python -m scripts.start tables.zhao2026_table7 .*?tee", commands, re.S)
    assert "--published catalog/zhao2026/published/zhao2026_table3.csv" in first
    assert "--beside" not in first
    assert "--title '$(touch pwned)'" in first
    assert "--published catalog/zhao2026/published/zhao2026_table7.csv" in second
    assert "--beside results/quick/studies/another.parquet" in second


def test_a_figure_leaves_other_studies_alone(fresh_project):
    study = fresh_project.read_yaml(STUDY)
    study["scales"] = {"quick": study["scales"]["quick"]}
    study["scales"]["quick"]["optimizer"] = {"name": "sgd"}
    study["scales"]["quick"]["grid"] = {"optimizer.lr": [0.01, 0.02, 0.05], "seed": [1]}
    del study["scales"]["quick"]["margins"]
    fresh_project.write_yaml("catalog/own/studies/another.yaml", study)
    figures = fresh_project.read_yaml("catalog/sakamoto2026/figures.yaml")
    figures["another_fig"] = figures["sakamoto2026_fig3"] | {"study": "another"}
    fresh_project.write_yaml("catalog/sakamoto2026/figures.yaml", figures)

    own = "results/quick/figures/another_fig.pdf"
    assert fresh_project.jobs(own) == table(3) | {"figure": 1}
    assert all("-sgd-" in pack for pack in fresh_project.trained_packs(own))
    other = "results/quick/figures/sakamoto2026_fig3.pdf"
    assert fresh_project.jobs(other) == table(2) | {"figure": 1}
    both = fresh_project.jobs("studies")
    assert both == table(5) | {"prepare_data": 1, "aggregate": 2, "studies": 1}


def test_the_workflow_is_lint_free(sources):
    assert "Congratulations" in sources.make("--lint")
