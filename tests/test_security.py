"""What the code may not do: run what it reads. What it makes: tests/workflow/test_artifacts.py."""

import ast
from pathlib import Path

import pytest

from latephase.errors import UserError
from scripts.tools import seal_report

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted(
    path for folder in ("latephase", "rules", "scripts") for path in (ROOT / folder).rglob("*.py")
)
UNSAFE_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen"),
    *("torch.load", "torch.save", "torch.hub.load", "pd.read_pickle", "yaml.unsafe_load"),
    *("yaml.full_load", "shutil.unpack_archive", "zipfile.ZipFile.extractall"),
}


def calls(tree):
    """The calls in a module: each by its dotted name as written, and its keyword arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            keywords = {word.arg: ast.unparse(word.value) for word in node.keywords}
            yield ast.unparse(node.func), keywords


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_runs_what_it_reads(path):
    tree = ast.parse(path.read_text())
    imported = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert not imported & UNSAFE_MODULES
    for name, keywords in calls(tree):
        # It unpickles tensors alone where it is told so, and tests/storage/test_state_dicts.py.
        if name == "torch.load" and path.name == "state_dicts.py":
            assert keywords.get("weights_only") == "True"
        else:
            assert name not in UNSAFE_CALLS
        assert not name.endswith((".extractall", ".to_pickle"))
        assert keywords.get("shell", "False") == "False"
        if name == "np.load":
            assert keywords.get("allow_pickle") == "False"
        if name == "yaml.load":
            assert path.name == "strict_yaml.py"


PAGE = """<head>
    <meta charset="utf-8">
</head>
    <script id="results">
    var results = {};
    </script>
<script>if (a<b) {{}}</script>
"""


def test_data_in_a_report_cannot_end_their_script():
    page = seal_report.sealed(PAGE.format('{"title": "</script><script>pwned()"}'))
    assert r'var results = {"title": "\u003c/script>\u003cscript>pwned()"};' in page
    assert "<script>if (a<b) {}</script>" in page
    assert page.index("Content-Security-Policy") < page.index("<script")


@pytest.mark.parametrize("page", ["", "<head></head>", PAGE.replace("charset", "name")])
def test_a_report_of_another_form_is_not_passed_on(page):
    with pytest.raises(UserError, match="not of a form"):
        seal_report.sealed(page)
