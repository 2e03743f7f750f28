"""The report of a small run, opened in a browser as a reader opens it."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.one_study import FIGURES
from tests.report import console
from tests.report.small_run import snakemake

SHOWN = """
const image = document.querySelector("#app img[src^='data:image/png']");
if (!image || image.naturalWidth < 100) return null;
const {top, bottom} = image.getBoundingClientRect();
return {source: image.src, top, bottom, window: innerHeight};
"""
"""The picture on show: its source, and where it lies in the window, in pixels."""

pytestmark = pytest.mark.workflow


class Report:
    """The report's page: what a reader can see and click."""

    def __init__(self, browser, path: Path):
        self.browser = browser
        console.forget(browser)
        browser.get(path.as_uri())
        self.until(lambda: self.items("nav li a"))

    def until(self, condition):
        """The first true value of a condition; the page may be drawn anew meanwhile."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.wait import WebDriverWait

        wait = WebDriverWait(self.browser, 30, ignored_exceptions=[StaleElementReferenceException])
        return wait.until(lambda _: condition())

    def items(self, css: str) -> list:
        return self.browser.find_elements("css selector", css)

    def texts(self, css: str) -> list[str]:
        """The texts of the items, once there are some."""
        return self.until(lambda: [item.text.strip() for item in self.items(css)])

    def open(self, category: str) -> list[str]:
        """Click a category in the menu; the texts of its rows."""
        self.browser.execute_script("app.setView({navbarMode: 'menu'})")
        self.until(lambda: [a for a in self.items("nav li a") if a.text.strip() == category][0:1])[
            0
        ].click()
        return self.texts("nav tbody tr")

    def button(self, row: int, index: int):
        """Of a row: the eye, which opens a result (0), or the i, which tells of it (1)."""
        return self.items("nav tbody tr")[row].find_elements("css selector", "a")[index]

    def press(self, row: int, index: int) -> None:
        self.until(lambda: self.button(row, index).click() or True)


@pytest.fixture
def report(browser, project):
    page = Report(browser, project / "results/quick/report.html")
    yield page
    browser.switch_to.default_content()
    assert console.errors(browser) == []
    assert console.requests(browser) == []


def figure_categories(project: Path) -> dict[str, set[str]]:
    """The headings that the report has for figures, and the figures under each."""
    files = [project / file for file in FIGURES]
    return {file.parent.name: set(yaml.safe_load(file.read_text())) for file in files}


def test_the_last_lines_say_where_everything_is(project):
    printed = (project / "printed.txt").read_text()
    for line in (
        "figures   results/quick/figures/   sakamoto2026_fig2, sakamoto2026_fig3, atlas_overview (",
        "verdicts  results/quick/claims.html   ",
        "report    results/quick/report.html\n",
        "all of it results/quick/index.html   (open it in a browser)\n",
    ):
        assert f"\n{line}" in printed
    claims = yaml.safe_load((project / "catalog/sakamoto2026/claims.yaml").read_text())["claims"]
    counts = printed.split("claims.html   ")[1].splitlines()[0].split(", ")
    assert sum(int(count.split()[0]) for count in counts) == len(claims)


def test_a_second_run_does_nothing(project):
    before = (project / "results/quick/report.html").stat().st_mtime_ns
    assert "Nothing to be done" in snakemake(project)
    assert (project / "results/quick/report.html").stat().st_mtime_ns == before


def test_a_new_caption_makes_the_report_alone(project, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, symlinks=True)
    caption = copy / "report/figure.rst"
    caption.write_text(caption.read_text() + "\nA remark.\n")
    jobs = snakemake(copy, "--dry-run", "--quiet", "rules")
    assert {line.split()[0] for line in jobs.splitlines() if line.endswith(" 1")} >= {"report"}
    assert not any(line.startswith(("figure ", "claims ", "train ")) for line in jobs.splitlines())


def test_it_opens_on_what_it_is(report):
    assert "This report was made at the scale quick." in report.texts("#app .prose")[0]


def test_it_lists_every_figure_and_a_click_shows_it(report, project):
    menu = report.texts("nav li a")
    found, shown = set(), set()
    for category in menu[menu.index("About") + 1 :]:
        if category == "Verdicts":
            continue
        for i, text in enumerate(report.open(category)):
            found.add((category, text.partition(":")[0]))
            report.press(i, 0)
            picture = report.until(
                lambda: (
                    (now := report.browser.execute_script(SHOWN))
                    and now["source"] not in shown
                    and now
                )
            )
            shown.add(picture["source"])
            # All of it, also its top, lies within the window.
            assert 0 <= picture["top"] < picture["bottom"] <= picture["window"]
    papers = figure_categories(project)
    assert {name for _, name in found} == set().union(*papers.values())
    assert len({category for category, _ in found}) == len(papers)


def test_a_caption_says_what_was_run(report):
    report.open("Atlas, all metrics on the same checkpoints")
    report.press(0, 1)
    caption = report.texts("nav .prose")[0]
    assert "mlp on digits (embedded), n = 200, 60 steps, 2 seeds, scale quick" in caption
    assert "results/quick/figures/atlas_overview.csv" in caption


def test_the_table_of_verdicts_opens(report, project):
    claims = yaml.safe_load((project / "catalog/sakamoto2026/claims.yaml").read_text())["claims"]
    assert len(report.open("Verdicts")) == 2
    assert report.button(1, 0).get_attribute("download") == "claims.csv"
    report.press(0, 0)
    report.browser.switch_to.frame(report.until(lambda: report.items("iframe"))[0])
    rows = report.texts("tbody tr")
    assert len(rows) == len(claims)
    for row, claim in zip(rows, claims, strict=True):
        assert claim["sentence"] in row
        assert "reproduced" in row or "inconclusive" in row
