"""The table of docs/running.md has a row for each test of what an edit runs again."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_OF_AN_EDIT = {"a_second_call_does_nothing", "every_data_set_is_compared_by_content"}
IN_PARTS = {"an_appended_seed_keeps_full_packs"}
"""Told in the row of the seed that fills a pack."""


def of_file(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests/workflow" / file).read_text())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name.removeprefix("test_") for name in functions if name.startswith("test_")}


def rows() -> set[str]:
    text = (ROOT / "docs/running.md").read_text()
    table = text.partition("## What runs again")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", table, re.M))


def test_every_row_is_a_test():
    assert rows() - of_file("test_reruns.py") <= of_file("test_own.py")


def test_every_test_is_a_row():
    assert of_file("test_reruns.py") - NOT_OF_AN_EDIT - IN_PARTS == rows() - of_file("test_own.py")
