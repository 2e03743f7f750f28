"""What is made and cached holds no code, asks for nothing from outside, and keeps text text.

The catalog of this run is hostile: its titles and sentences try to be markup and commands.
"""

import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import PurePosixPath

import pyarrow.parquet
import pytest

pytestmark = pytest.mark.workflow

HOSTILE = (
    "</script><script>pwned()</script><img src=https://example.org/x onerror=pwned()>"
    "<!--<script>'; touch pwned; '\"; touch pwned; $(touch pwned) `touch pwned`"
)
STUDY = "catalog/sakamoto2026/studies/weight_decay_mlp.yaml"
BEGINS = {
    ".csv": b"",
    ".html": b"<!doctype html>",
    ".json": b"{",
    ".log": b"",
    ".parquet": b"PAR1",
    ".pdf": b"%PDF-1.",
    ".png": b"\x89PNG\r\n",
    ".safetensors": b"",
    ".zip": b"PK\x03\x04",
}
PICKLES = tuple(bytes([0x80, version]) for version in range(2, 6))
"""How a pickle begins, in every protocol that is not text."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def project(sources, cache, tmp_path_factory):
    """Everything there is to make, bundles too, out of a hostile catalog."""
    project = sources.copy(tmp_path_factory.mktemp("hostile") / "latephase")
    study = project.read_yaml(STUDY)
    project.write_yaml(STUDY, study | {"title": HOSTILE, "question": HOSTILE})
    figures = project.read_yaml("catalog/sakamoto2026/figures.yaml")
    project.write_yaml(
        "catalog/sakamoto2026/figures.yaml",
        {name: figure | {"title": f"{name} {HOSTILE}"} for name, figure in figures.items()},
    )
    texts = dict.fromkeys(("where", "sentence", "unit", "stated"), HOSTILE)
    claims = project.read_yaml("catalog/sakamoto2026/claims.yaml")["claims"]
    project.write_yaml(
        "catalog/sakamoto2026/claims.yaml", {"claims": [claim | texts for claim in claims]}
    )
    bundles = [f"results/quick/bundles/{name}.zip" for name in figures]
    project.make(*("--cache", "--", "all", *bundles), env={"SNAKEMAKE_OUTPUT_CACHE": str(cache)})
    return project


def made(project, cache, *endings):
    """The files under results and in the cache, of these endings or all."""
    paths = [*(project.folder / "results").rglob("*"), *cache.rglob("*")]
    files = [path for path in paths if path.is_file() and path.name != "README.md"]
    return [path for path in files if not endings or path.suffix in endings]


def test_no_command_was_run(project):
    assert not list(project.folder.rglob("pwned*"))


def test_every_file_is_of_a_kind_that_holds_no_code(project, cache):
    files = made(project, cache)
    assert {path.suffix for path in files} == set(BEGINS)
    for path in files:
        content = path.read_bytes()
        assert content.startswith(BEGINS[path.suffix]), path
        assert not content.startswith(PICKLES), path
    for path in made(project, cache, ".json"):
        json.loads(path.read_text())
    for path in made(project, cache, ".safetensors"):
        content = path.read_bytes()
        head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        json.loads(head["__metadata__"]["latephase"])
    for path in made(project, cache, ".pdf"):
        assert not re.search(rb"/(JavaScript|JS|Launch|URI|EmbeddedFile)\b", path.read_bytes())


def test_tables_hold_numbers_and_text(project, cache):
    for path in made(project, cache, ".parquet"):
        schema = pyarrow.parquet.read_schema(path)
        # A list, of a spectrum, counts by what it is a list of.
        kinds = {str(getattr(kind, "value_type", kind)) for kind in schema.types}
        assert kinds <= {"bool", "int64", "double", "string", "large_string"}, path
        # What pandas wrote says of its types; what a training or an extraction wrote says nothing.
        for text in (schema.metadata or {b"pandas": b"{}"}).values():
            json.loads(text)
        assert set(schema.metadata or {b"pandas"}) == {b"pandas"}


class Page(HTMLParser):
    """The elements of a page, and the scripts in it."""

    def __init__(self, path):
        super().__init__()
        self.folder, self.elements, self.scripts = path.parent, [], []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.lasttag == "script":
            self.scripts.append(data)


PAGES = tuple(f"results/quick/{name}.html" for name in ("report", "claims", "index"))


@pytest.fixture(params=PAGES)
def page(project, request):
    return Page(project.folder / request.param)


def test_a_page_fetches_nothing(page):
    for tag, attributes in page.elements:
        target = attributes.pop("href", "#") if tag == "a" else "#"
        assert target.startswith("#") or (page.folder / target).is_file(), target
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
    styles = re.findall(r"<style>(.*?)</style>", page.text, re.S)
    assert not re.search(r"@import|url\(\s*['\"]?(?!data:)", "".join(styles))
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
    assert "*" not in policy


def test_text_of_the_catalog_is_text_in_a_page(page):
    assert "pwned()" in page.text
    assert not [tag for tag, attributes in page.elements if "onerror" in attributes]
    assert not [script for script in page.scripts if script.strip() == "pwned()"]
    assert HOSTILE not in page.text


def test_the_report_still_tells_it(project):
    """Escaped for the page, and whole for who reads it."""
    text = (project.folder / "results/quick/report.html").read_text(encoding="utf-8")
    (results,) = re.findall(r'<script id="results">\n *var results = (.*);\n', text)
    assert "<" not in results
    shown = [entry["labels"] for entry in json.loads(results).values()]
    assert any(HOSTILE in label for labels in shown for label in labels.values())


def test_bundles_unpack_into_their_own_folder(project, cache):
    for path in made(project, cache, ".zip"):
        with zipfile.ZipFile(path) as bundle:
            for entry in bundle.infolist():
                name = PurePosixPath(entry.filename)
                assert name.parts[0] == path.stem
                assert not name.is_absolute()
                assert ".." not in name.parts
                assert "\\" not in entry.filename
                assert entry.external_attr >> 16 == 0o644  # a plain file, not a link
