"""What the documents promise is there."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "catalog/**/*.md", "results/README.md")
    for path in sorted(ROOT.glob(pattern))
]
UNFINISHED = re.compile(r"^(<{7}|={7}|>{7})( |$)|@@|^[A-Z]{6,}$", re.MULTILINE)
"""Marks of a conflict, and words that stand where a text is to come."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere_and_nothing_is_left_to_fill_in(name):
    text = (ROOT / name).read_text()
    assert not UNFINISHED.search(text)
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            assert ((ROOT / name).parent / target).exists(), target


def anchors(text: str) -> set[str]:
    """The names by which GitHub links to the headings of a page, and those that the page sets."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in headings]
    return {name.replace(" ", "-") for name in plain} | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_heading_finds_it(name):
    text = (ROOT / name).read_text()
    for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text):
        page = (ROOT / name).parent / target if target else ROOT / name
        if page.suffix == ".md":
            assert anchor in anchors(page.read_text()), f"{target}#{anchor}"


def test_the_settings_are_all_explained():
    schema = yaml.safe_load((ROOT / "catalog/schemas/config.schema.yaml").read_text())
    table = (ROOT / "docs/configuration.md").read_text().partition("## Keys of a study")[0]
    assert {*re.findall(r"^\| `(\w+)`", table, re.MULTILINE)} == {*schema["properties"]}


def test_the_index_names_every_page():
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages == set(re.findall(r"\]\(([^)/#]+\.md)\)", (ROOT / "docs/index.md").read_text()))


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git repository")
def test_no_file_holds_a_conflict():
    found = subprocess.run(
        ["git", "grep", "-lIE", "^(<{7}|>{7})( |$)"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 1, found.stdout + found.stderr


FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("a_*.yml"))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_for_issues_is_what_github_reads(path):
    form = yaml.safe_load(path.read_text())
    assert form.keys() == {"name", "description", "labels", "body"}
    ids = [field["id"] for field in form["body"]]
    assert len({*ids}) == len(ids) > 0
    for field in form["body"]:
        assert field["type"] in ("input", "textarea") and field["attributes"]["label"]
    for page in re.findall(r"docs/[a-z-]+\.md", path.read_text()):
        assert (ROOT / page).exists()


def test_the_workflow_catalog_is_told_how_the_workflow_is_used():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["software-stack-deployment"] == {"conda": True, "apptainer": True}
