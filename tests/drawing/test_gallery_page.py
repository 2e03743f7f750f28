"""The gallery: every figure once, in the given order, with its verdicts; text stays text."""

import math
import re
from html.parser import HTMLParser

import pytest

from latephase.drawing import gallery_page
from latephase.drawing.page import page as whole_page
from latephase.papers.claim import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, SAYS_LITTLE

HOSTILE = "</h3></script><script>pwned()</script> & <b onclick=pwned()>'\"1\"'"
ROW = {
    "claim": "p-1",
    "where": "Figure 2",
    "sentence": "It falls.",
    "estimate": -1.25,
    "low": -1.5,
    "high": math.inf,
    "n_seeds": 5,
    "n_cells": 3,
    "threshold_low": -math.inf,
    "threshold_high": -1.0,
    "verdict": REPRODUCED,
    "controls": "shuffled: turns",
    "note": "15 runs",
}


class Page(HTMLParser):
    """The elements of a page with their attributes, and the texts in it."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.lasttag not in ("script", "style"):
            self.texts.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def claim(id_="p-1", **changes):
    return gallery_page.verdict(ROW | {"claim": id_} | changes, "decades")


def figure(name, claims=(), text="x", **changes):
    return {
        "name": name,
        "label": text,
        "title": text,
        "question": text,
        "note": text,
        "picture": "data:image/webp;base64,AAAA",
        "width": 640,
        "height": 320,
        "finding": "NC0 ends at 1",
        "metrics": ["NC0"],
        "claims": list(claims),
        "studies": [{"name": text, "told": text}],
        "links": {"PDF": f"figures/{name}.pdf", "PNG": f"figures/{name}.png"},
        "commands": [("Make it alone", text)],
    } | changes


def paper(key="p", text="x", **changes):
    row = {"what": text, "here": {"quick": True, "paper": False}, "why": text, "tested": text}
    about = {"key": key, "heading": text, "figures": [], "tables": [], "others": []}
    return about | {"coverage": [row]} | changes


def made(*papers, text="x"):
    pages = {text: "claims.html"}
    return gallery_page.page(text, list(papers), pages, "quick", ["quick", "paper"])


def test_every_figure_stands_once_in_its_place():
    names = ["p_fig2", "p_fig14", "p_clock"]
    page = Page(made(paper(figures=[figure(name) for name in names])))
    assert [card["id"] for card in page.of("article")] == names
    assert [link["href"] for link in page.of("a") if link.get("class") == "thumb"] == [
        f"figures/{name}.png" for name in names
    ]
    assert "3 figures and 0 verdicts" in page.text


def test_a_card_says_what_was_found_and_how_sure_it_is():
    page = Page(made(paper(figures=[figure("p_fig2", [claim()])])))
    for told in (
        "Its claim is reproduced; NC0 ends at 1.",
        "✓ reproduced It falls. −1.25 [−1.5, ∞] decades",
        "at most −1 decades",
        "shuffled: turns",
        "3 cells × 5 seeds; 15 runs",
    ):
        assert told in page.text


def test_the_filters_know_each_card():
    claims = [claim("p-1"), claim("p-2", verdict=INCONCLUSIVE), claim("p-3")]
    cards = [figure("p_fig2", claims, metrics=["NC0", "RNC1"]), figure("p_fig3", metrics=[])]
    page = Page(made(paper(figures=cards)))
    first, second = page.of("article")
    assert (first["data-paper"], first["data-metric"]) == ("p", "NC0|RNC1")
    assert first["data-verdict"] == "reproduced|inconclusive"
    assert second["data-verdict"] == gallery_page.NO_VERDICT
    values = [option.get("value") for option in page.of("option")]
    assert values.count("") == 3  # every paper, metric, verdict
    assert "NC0 RNC1" in page.text
    assert "not reproduced" not in page.text  # nothing has it, so that none can choose it


def test_a_claim_of_two_figures_counts_once():
    cards = [figure(name, [claim()]) for name in ("p_fig2", "p_fig3")]
    page = Page(made(paper(figures=cards, others=[claim("p-2", verdict=SAYS_LITTLE)])))
    assert "2 figures and 2 verdicts" in page.text
    assert "2 claims: 1 reproduced, 1 says little." in page.text
    assert "Further claims" in page.text


def test_tables_and_coverage_stand_there_too():
    table = {"name": "p_table2", "label": "Table 2", "title": "Six", "claims": [claim()]}
    table["links"] = {"page": "tables/p_table2.html"}
    text = made(paper(tables=[table]), paper("empty", text="Nothing made of this one"))
    page = Page(text)
    assert "tables/p_table2.html" in [link["href"] for link in page.of("a")]
    assert "Table 2: Six" in page.text
    # A paper of which nothing is shown is in the coverage alone.
    assert page.text.count("Nothing made of this one") == 4
    assert "empty" not in [heading.get("id") for heading in page.of("h2")]


def test_what_is_text_stays_text():
    card = figure("p_fig2", [claim(sentence=HOSTILE, note=HOSTILE)], HOSTILE, finding=HOSTILE)
    card |= {"metrics": [HOSTILE]}
    text = made(paper(text=HOSTILE, figures=[card]), text=HOSTILE)
    page = Page(text)
    assert text.count("<script") == 1
    assert not page.of("b")
    assert not [name for _, attributes in page.elements for name in attributes if name[:2] == "on"]
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert "pwned" not in script


def test_nothing_is_asked_for_outside_and_no_other_script_runs():
    text = made(paper(figures=[figure("p_fig2", [claim()])]))
    page = Page(text)
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            target = attributes.get(name, "")
            inside = tag == "a" and not re.match(r"[a-z]+:|/", target)
            assert not target or inside or target.startswith("data:"), (tag, attributes)
    assert "url(" not in text
    (policy,) = [m["content"] for m in page.of("meta") if "content" in m and "http-equiv" in m]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert policy.endswith("; img-src data:")
    other = whole_page("x", "", script="pwned()")
    assert policy.split("sha256-")[1].split("'")[0] not in other


def test_everything_has_a_name_for_who_does_not_see_it():
    page = Page(made(paper(figures=[figure("p_fig2", [claim()], "Told")])))
    assert [image["alt"] for image in page.of("img")] == ["Told: Told. Opens the whole picture."]
    assert page.of("html")[0]["lang"] == "en"
    assert page.of("output")[0]["role"] == "status"
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len({*ids})
    for _, attributes in page.elements:
        assert attributes.get("aria-labelledby", ids[0]) in ids
    assert len(page.of("h1")) == 1


OUTCOMES = [
    ([], "", ""),
    ([], "a is 1", "A is 1."),
    ([REPRODUCED], "", "Its claim is reproduced."),
    ([SAYS_LITTLE], "a is 1", "Its claim says little; a is 1."),
    ([REPRODUCED] * 2, "", "Both claims are reproduced."),
    ([NOT_REPRODUCED] * 2, "", "Neither claim is reproduced."),
    ([NOT_REPRODUCED] * 3, "", "None of 3 claims is reproduced."),
    ([INCONCLUSIVE] * 3, "", "All 3 claims are inconclusive."),
    (
        [INCONCLUSIVE, REPRODUCED, SAYS_LITTLE, SAYS_LITTLE],
        "",
        "Of 4 claims, 1 is reproduced, 2 say little and 1 is inconclusive.",
    ),
]


@pytest.mark.parametrize(("said", "finding", "told"), OUTCOMES)
def test_what_was_found_is_one_sentence(said, finding, told):
    claims = [{"verdict": verdict} for verdict in said]
    assert gallery_page.found(claims, finding) == told
