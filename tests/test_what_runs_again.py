"""The table of docs/running.md has a row for each test of what an edit runs again."""

import ast
import re
from pathlib import Path

from tests.workflow import test_reruns

ROOT = Path(__file__).parents[1]
NOT_OF_AN_EDIT = {"a_second_call_does_nothing", "every_data_set_is_compared_by_content"}
IN_PARTS = {"an_appended_seed_keeps_full_packs"}
"""Told in the row of the seed that fills a pack."""


def of_file(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests/workflow" / file).read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name.removeprefix("test_") for name in functions if name.startswith("test_")}


def told() -> dict[str, str]:
    """What the table says runs again, by the names of the tests."""
    text = (ROOT / "docs/running.md").read_text()
    table = text.partition("## What runs again")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \|.*\|([^|]+)\|$", table, re.M))


def rows() -> set[str]:
    return set(told())


FIRST = {
    "prepare_data": "the data",
    "train": "training",
    "extract": "extraction",
    "aggregate": "data of studies",
    "figure": "figure",
    "claims": "verdicts",
}
"""How the table calls a rule from which on everything runs again."""


def expected() -> dict[str, dict[str, int]]:
    """The jobs that tests of an edit expect, by their names, where they compare all jobs."""
    tree = ast.parse((ROOT / "tests/workflow/test_reruns.py").read_text())
    found = {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith(".jobs()"):
                code = ast.unparse(node.comparators[0])
                constants = vars(test_reruns) | {"measured": {"extract": 1}}
                jobs = eval(code, constants)
                found.setdefault(function.name.removeprefix("test_"), jobs)
    return found


def test_every_row_is_a_test():
    assert rows() - of_file("test_reruns.py") <= of_file("test_own.py")


def test_every_test_is_a_row():
    assert of_file("test_reruns.py") - NOT_OF_AN_EDIT - IN_PARTS == rows() - of_file("test_own.py")


def test_the_table_says_what_the_tests_expect():
    table = told()
    compared = [name for name in expected() if name in table]
    assert len(compared) > 25
    for name in compared:
        jobs = expected()[name]
        first = next((word for rule, word in FIRST.items() if rule in jobs), "nothing")
        assert first in table[name], name
