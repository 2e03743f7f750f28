"""What a gallery shows."""

import json
from pathlib import Path

from latephase.catalog.entries import SCALES
from tests.rules.targets.asking import SCALE, wildcards


def test_a_gallery_has_every_figure_once_in_natural_order(shipped):
    papers = json.loads(shipped.galleries.about(wildcards(scale=SCALE)))["papers"]
    assert [paper["key"] for paper in papers] == ["han2025", "sakamoto2026", "zhao2026", "atlas"]
    names = [figure["name"] for paper in papers for figure in paper["figures"]]
    assert sorted(names) == sorted(shipped.catalog.chosen_figures(SCALE))
    sakamoto = [figure["name"] for figure in papers[1]["figures"]]
    assert sakamoto[:2] + sakamoto[-5:-3] == [
        *("sakamoto2026_fig2", "sakamoto2026_fig3", "sakamoto2026_fig14", "sakamoto2026_clock"),
    ]
    files = shipped.galleries.files(wildcards(scale=SCALE))
    assert {*files["figures"]} == {*shipped.asked.figures(SCALE)}
    assert {*files["tables"]} == {*shipped.asked.tables(SCALE)}


def test_a_gallery_shows_every_claim_that_can_be_judged(shipped):
    told = json.loads(shipped.galleries.about(wildcards(scale=SCALE)))
    shown = {
        id_
        for paper in told["papers"]
        for entry in [*paper["figures"], *paper["tables"], {"claims": paper["others"]}]
        for id_ in entry["claims"]
    }
    assert shown == {claim["id"] for claim in shipped.catalog.chosen_claims(SCALE)}
    assert set(told["units"]) == shown


def test_the_gallery_of_a_paper_needs_that_paper_s_studies(shipped):
    whole, own = wildcards(scale=SCALE), wildcards(scale=SCALE, paper="zhao2026")
    assert [p["key"] for p in json.loads(shipped.galleries.about(own))["papers"]] == ["zhao2026"]
    needed = {*shipped.galleries.files(own)["data"], *shipped.claims.data(own)}
    assert needed < {*shipped.galleries.files(whole)["data"], *shipped.claims.data(whole)}
    for file in needed:
        assert shipped.catalog.studies[Path(file).stem]["paper"] == "zhao2026"


def test_a_gallery_s_command_is_not_too_long_for_a_shell(shipped):
    """Linux takes 128 KiB an argument, and the shell takes the whole command as one."""
    for scale in SCALES:
        whole = wildcards(scale=scale)
        assert len(shipped.galleries.about(whole)) < 100_000
