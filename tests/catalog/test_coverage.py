"""What of each paper is here, at which scale, and why the rest is not."""

import re

import pytest
import yaml

from latephase.catalog import coverage, load, printed
from latephase.catalog.entries import SCALES
from tests.catalog.editing import FIGURES, PAPER, ROOT, edit, line

PAPERS = {"han2025": 20, "sakamoto2026": 14, "zhao2026": 58}
"""The last figure of each paper."""


def whats(catalog, paper):
    return {row["what"]: row for row in coverage.rows(catalog, paper)}


def names(row):
    """What a row is about, by number."""
    return printed.named_in(row["what"])


@pytest.mark.parametrize(("paper", "last"), PAPERS.items())
def test_every_figure_of_a_paper_has_one_row(shipped, paper, last):
    rows = whats(shipped, paper)
    panels = {what for what in rows if re.fullmatch(r"Figure \d+[a-z]", what)}
    assert panels == ({"Figure 4b"} if paper == "han2025" else set())
    found = [name for what, row in rows.items() if what not in panels for name in names(row)]
    figures = [name for name in found if name.startswith("fig")]
    assert sorted(figures, key=printed.natural) == [f"fig{n}" for n in range(1, last + 1)]


@pytest.mark.parametrize("paper", PAPERS)
def test_what_is_not_here_has_a_reason_and_what_is_needs_none(shipped, paper):
    for row in coverage.rows(shipped, paper):
        assert bool(row["why"]) == (not all(row["here"].values())), row


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_said_to_be_here_is_made(shipped, scale):
    made = {*shipped.chosen_figures(scale), *shipped.chosen_tables(scale)}
    for paper in PAPERS:
        told = {
            f"{paper}_{name}"
            for row in coverage.rows(shipped, paper)
            for name in names(row)
            if row["here"][scale]
        }
        printing = {name for name in made if name.startswith(paper) and printed.number(name)}
        assert told == printing


@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_is_counted_once(shipped, paper):
    counts = [
        int(found[1])
        for row in coverage.rows(shipped, paper)
        if (found := re.fullmatch(r"(\d+) claims?", row["what"]))
    ]
    assert sum(counts) == sum(claim["paper"] == paper for claim in shipped.claims)


def test_a_theorem_names_the_file_of_its_tests(shipped):
    rows = [row for paper in PAPERS for row in coverage.rows(shipped, paper) if row["tested"]]
    assert len(rows) > 5
    for row in rows:
        assert (ROOT / row["tested"]).is_file()


def test_reasons_of_each_kind(shipped):
    assert whats(shipped, "sakamoto2026")["Figure 1"]["why"] == "It is a drawing and shows no data."
    zhao = whats(shipped, "zhao2026")
    assert (
        zhao["Figures 30 and 31"]["why"]
        == "You bring what it needs, and name it in config.yaml: folders.imagenet."
    )
    assert zhao["Figures 30 and 31"]["here"] == {"quick": True, "paper": False}
    assert zhao["Ours: real"]["why"].endswith("optimizers_cnn_fashion_mnist has no scale quick.")


def test_what_the_configuration_leaves_out_is_said(root, config):
    catalog = load.load(root, config | {"figures": ["sakamoto2026_fig3"]})
    rows = whats(catalog, "sakamoto2026")
    assert rows["Figure 3"]["why"] == ""
    told = "The configuration does not name it among `figures`."
    assert rows["Figures 2, 4 to 9, 13 and 14"]["why"] == told


def test_a_figure_bears_the_claims_of_its_place_and_those_it_lists(shipped):
    def borne(name):
        claims = coverage.claims_of(shipped, name, shipped.figures[name])
        return [claim["id"] for claim in claims]

    assert borne("zhao2026_fig6") == [
        "zhao2026-sgd-falls",
        "zhao2026-adam-falls",
        "zhao2026-adamw-does-not-fall",
    ]
    assert "sakamoto2026-clock-theorem" in borne("sakamoto2026_clock")
    assert "sakamoto2026-low-information" in borne("sakamoto2026_fig4")
    assert borne("atlas_overview") == []
    # Another paper's claim at a figure of the same number is another paper's.
    assert all(id_.startswith("zhao2026-") for id_ in borne("zhao2026_fig4"))


def test_every_claim_is_borne_by_a_figure_or_a_table(shipped):
    entries = (shipped.figures | shipped.tables).items()
    borne = {
        claim["id"] for name, entry in entries for claim in coverage.claims_of(shipped, name, entry)
    }
    assert borne == {claim["id"] for claim in shipped.claims}


def test_a_claim_that_is_not_there_is_one_line(root, config):
    edit(root / FIGURES, ["sakamoto2026_fig3", "claims"], ["sakamoto2026-dealy"])
    message = line(root, config)
    told = f"{FIGURES}: sakamoto2026_fig3.claims names 'sakamoto2026-dealy'; allowed: "
    assert message.startswith(told)
    assert "sakamoto2026-delay, " in message


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            {"what": "Figures 2 and 40", "why": "x"},
            "not_drawn[0].what is 'Figures 2 and 40', but sakamoto2026_fig2 is drawn at scale",
        ),
        ({"what": "Appendix", "why": "x"}, "not_drawn[0].what is 'Appendix'"),
        ({"what": "Figure 1"}, "not_drawn[0].why is missing"),
        ({"what": "Figure 1", "why": "x", "scale": "huge"}, "not_drawn[0].scale is 'huge'"),
    ],
)
def test_what_is_wrong_with_a_reason_is_one_line(root, config, entry, told):
    edit(root / PAPER, ["not_drawn"], [entry])
    assert line(root, config).startswith(f"{PAPER}: {told}")


def test_a_paper_needs_neither_reasons_nor_theorems(root, config):
    (root / "catalog/new2030").mkdir()
    (root / "catalog/new2030/paper.yaml").write_text(yaml.safe_dump({"heading": "New 2030"}))
    assert coverage.rows(load.load(root, config), "new2030") == []
