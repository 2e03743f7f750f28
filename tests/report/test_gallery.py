"""The gallery of a small run, opened in a browser: narrow and wide, light and dark, by keyboard."""

import html
import re

import pandas as pd
import pytest

from tests.one_study import SHOWN
from tests.report import console
from tests.report.small_run import snakemake

pytestmark = pytest.mark.workflow

PAGE = "results/quick/index.html"
ORDER = ["sakamoto2026_fig2", "sakamoto2026_fig3", "atlas_overview"]
CARDS = """
const cards = [...document.querySelectorAll("article")];
return cards.filter(card => card.checkVisibility()).map(card => card.id);
"""
FOCUSED = """
const e = document.activeElement;
return [e.tagName, e.name || e.id || e.href || e.textContent];
"""
CONTRAST = """
const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
  .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
const ground = e => { for (; e; e = e.parentElement) {
  const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; }
  return "rgb(255, 255, 255)"; };
return [...document.querySelectorAll("main *")].filter(e => e.checkVisibility()
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
  const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
  return [(a + .05) / (b + .05), e.outerHTML.slice(0, 80)]; }).filter(([ratio]) => ratio < 4.5);
"""
"""The elements whose text stands out too little from what is behind it (WCAG AA)."""


@pytest.fixture(params=[(1400, "light"), (1400, "dark"), (400, "light"), (400, "dark")], ids=str)
def gallery(browser, project, request):
    """The page at a width and in a scheme; at the end nothing has gone wrong."""
    width, scheme = request.param
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    console.forget(browser)
    browser.get("about:blank")
    browser.get((project / PAGE).as_uri())
    yield browser
    assert console.errors(browser) == []
    assert console.requests(browser) == []
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def items(browser, css):
    return browser.find_elements("css selector", css)


def choose(browser, name, value):
    from selenium.webdriver.support.select import Select

    Select(items(browser, f"select[name={name}]")[0]).select_by_value(value)


def test_the_page_is_small_and_shows_every_figure_once(project):
    text = (project / PAGE).read_text()
    assert len(text) < 300_000
    assert re.findall(r'<article id="(\w+)"', text) == ORDER
    assert set(ORDER) == set(SHOWN)
    assert text.count("data:image/webp;base64,") == len(ORDER)


def test_what_it_says_is_of_this_run(project):
    text = re.sub(r'<span aria-hidden="true">. </span>', "", (project / PAGE).read_text())
    rows = pd.read_csv(project / "results/quick/claims.csv")
    for sentence in rows["sentence"]:
        assert html.escape(sentence, quote=False).replace("'", "&#39;") in text
    for verdict, count in rows["verdict"].value_counts().items():
        told = "say little" if verdict == "says little" and count > 1 else verdict
        assert f">{count} {told}<" in text
    assert "2 runs of up to 60 steps, measured at " in text
    assert "snakemake results/quick/figures/sakamoto2026_fig3.pdf" in text


def test_every_link_leads_to_a_file_of_the_run(project):
    targets = set(re.findall(r'href="([^"#][^"]*)"', (project / PAGE).read_text()))
    assert {"claims.html", "report.html", "figures/sakamoto2026_fig3.pdf"} <= targets
    for target in targets:
        assert (project / "results/quick" / target).is_file(), target


def test_a_paper_has_a_page_of_its_own(project):
    page = "results/quick/atlas/index.html"
    snakemake(project, page)
    text = (project / page).read_text()
    assert re.findall(r'<article id="(\w+)"', text) == ["atlas_overview"]
    for target in set(re.findall(r'href="([^"#][^"]*)"', text)):
        assert (project / "results/quick/atlas" / target).is_file(), target


def test_nothing_is_wider_than_the_window(gallery):
    widths = "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
    whole, window = gallery.execute_script(widths)
    assert whole == window


def test_text_stands_out(gallery):
    gallery.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert gallery.execute_script(CONTRAST) == []


def test_filters_choose_and_the_address_keeps_the_choice(gallery):
    assert gallery.execute_script(CARDS) == ORDER
    choose(gallery, "paper", "atlas")
    assert gallery.execute_script(CARDS) == ["atlas_overview"]
    assert items(gallery, "output")[0].text == "1 of 3 figures"
    choose(gallery, "paper", "")
    choose(gallery, "metric", "RNC1")
    choose(gallery, "verdict", "no verdict")
    assert gallery.execute_script(CARDS) == ["atlas_overview"]
    address = gallery.current_url
    assert address.endswith("#metric=RNC1&verdict=no+verdict")
    gallery.get("about:blank")
    gallery.get(address)
    assert gallery.execute_script(CARDS) == ["atlas_overview"]
    assert items(gallery, "select[name=metric]")[0].get_attribute("value") == "RNC1"
    choose(gallery, "paper", "sakamoto2026")
    assert items(gallery, "#none")[0].is_displayed() == (gallery.execute_script(CARDS) == [])
    items(gallery, "button[type=reset]")[0].click()
    items(gallery, "h1")[0].click()
    assert gallery.execute_script(CARDS) == ORDER


def test_the_keyboard_reaches_and_opens_everything(gallery):
    from selenium.webdriver.common.keys import Keys

    reached = set()
    for _ in range(300):
        gallery.switch_to.active_element.send_keys(Keys.TAB)
        element = tuple(gallery.execute_script(FOCUSED))
        if element[0] == "BODY":
            break
        reached.add(element)
    tags = [tag for tag, _ in reached]
    assert {"A", "SELECT", "BUTTON", "SUMMARY"} <= set(tags)
    names = {name for tag, name in reached if tag == "SELECT"}
    assert names == {"paper", "metric", "verdict"}
    pictures = [name for tag, name in reached if tag == "A" and name.endswith(".png")]
    assert len(pictures) >= len(ORDER)
    summary = items(gallery, "#sakamoto2026_fig3 .verdicts summary")[0]
    summary.send_keys(Keys.ENTER)
    assert "Controls" in items(gallery, "#sakamoto2026_fig3 .verdicts details[open]")[0].text


def test_a_screen_reader_hears_names_and_the_count(gallery):
    tree = gallery.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"]
    }
    for role in ("link", "button", "combobox", "image", "DisclosureTriangle", "form", "region"):
        names = [name for kind, name in named if kind == role]
        assert names, role
        assert all(names), role
    assert {("combobox", "Paper"), ("combobox", "Metric"), ("combobox", "Verdict")} <= named
    assert any(role == "link" and name.startswith("Figure 3: Accuracy") for role, name in named)
    assert [node for node in tree if node["role"]["value"] == "status"]
