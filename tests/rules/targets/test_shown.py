"""What a figure or a table is made from."""

import json

import pytest

from tests.rules.targets.asking import wildcards


def test_a_figure_is_given_files_by_name(shipped):
    figure = wildcards(figure="zhao2026_fig26", scale="paper")
    files = shipped.shown.files(figure)
    assert files["data"] == "results/paper/studies/optimizers_resnet9_fashion_mnist.parquet"
    assert len(files["beside"]) == 5
    given = {"data": "a", "beside": ["b", "c"]}
    assert shipped.shown.words(figure, given) == ["--data", "a", "--beside", "b", "c"]
    assert shipped.shown.script(figure) == "metric_against_metric"


def test_studies_beside_that_lack_the_scale_are_left_out(shipped):
    files = shipped.shown.files(wildcards(figure="zhao2026_fig26", scale="quick"))
    assert files["beside"] == ["results/quick/studies/optimizers_vgg9_fashion_mnist.parquet"]


def test_published_values_are_the_paper_s(shipped):
    files = shipped.shown.files(wildcards(table="zhao2026_table2", scale="quick"))
    assert files["published"] == "catalog/zhao2026/published/zhao2026_table2.csv"
    files = shipped.shown.files(wildcards(figure="zhao2026_fig2", scale="quick"))
    assert files["published"] == "catalog/zhao2026/published/zhao2026_table6.csv"


def test_arguments_of_a_scale_go_over_those_of_both(shipped):
    figure = wildcards(figure="atlas_overview", scale="quick")
    assert json.loads(shipped.shown.options(figure)) == {"weight_decay": 0.07}
    figure = wildcards(figure="zhao2026_fig9", scale="quick")
    assert json.loads(shipped.shown.options(figure)) == {
        "by": ["optimizer.weight_decay"],
        "across": "optimizer.name",
        "metrics": ["nc0", "loss_train"],
    }


def test_a_figure_stands_under_its_paper_s_heading(shipped):
    figure = wildcards(figure="zhao2026_fig9", scale="quick")
    assert shipped.shown.heading(figure) == "Zhao et al. 2026, optimizers"
    (label,) = shipped.shown.label(figure).values()
    assert label.startswith("zhao2026_fig9: ")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("zhao2026_fig9", "zhao2026, Fig. 9: "),
        ("sakamoto2026_thm32", "Theorem 3.2"),
        ("atlas_lead_lag", "What moves"),
    ],
)
def test_a_figure_s_title_says_whose_counterpart_it_is(shipped, name, begins):
    title = shipped.shown.title(wildcards(figure=name, scale="quick"))
    assert title.startswith(begins)
    assert title.endswith(shipped.catalog.figures[name]["title"])
