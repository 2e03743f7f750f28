"""Modules that no digest of code holds: nothing that they give can be a number of a result.

A result is made of numbers. A silent module may take some to tell them, but gives back nothing, a
text, a path or a file; it changes no argument; and it imports nothing that computes. So an edit of
it changes no result.
"""

import ast
import sys
from pathlib import Path

import pytest

from latephase.runs import code_digest

ROOT = Path(__file__).parents[2]
GIVEN = (
    "None",
    "str",
    "bool",
    "Path",
    "frozenset[Path]",
    "Iterator[None]",
    "Iterator[Path]",
    "list[str]",
)
"""What a public function of theirs may return or yield."""
LIBRARIES = ("filelock", "jsonschema")
FILES = [ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in code_digest.SILENT]


def trees():
    return [(file.stem, ast.parse(file.read_text(encoding="utf-8"))) for file in FILES]


def gives(function: ast.FunctionDef) -> str:
    return ast.unparse(function.returns) if function.returns else "nothing told"


def faults(tree: ast.Module) -> list[str]:
    """What of a module could give a number to a result."""
    found = []
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in (n for n in inner if isinstance(n, ast.FunctionDef)):
            if not function.name.startswith("_") and gives(function) not in GIVEN:
                found.append(f"{function.name} gives {gives(function)}")
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        arguments = {argument.arg for argument in function.args.args} - {"self"}
        for node in ast.walk(function):
            stored = isinstance(node, ast.Attribute | ast.Subscript) and isinstance(
                node.ctx, ast.Store
            )
            if stored and isinstance(node.value, ast.Name) and node.value.id in arguments:
                found.append(f"{function.name} changes its argument {node.value.id}")
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        for name in names:
            known = name.partition(".")[0] in (*sys.stdlib_module_names, *LIBRARIES)
            if not known and name not in code_digest.SILENT:
                found.append(f"imports {name}")
    return found


@pytest.mark.parametrize(("name", "tree"), trees(), ids=[file.stem for file in FILES])
def test_a_silent_module_gives_no_number(name, tree):
    assert faults(tree) == []


LOUD = {
    "a number": ("def f(x: int) -> int:\n    return x\n", "f gives int"),
    "nothing told": ("def f(x):\n    return x\n", "f gives nothing told"),
    "a method": ("class A:\n    def f(self) -> float:\n        return 1.0\n", "f gives float"),
    "an argument": ("def f(x: list) -> None:\n    x[0] = 1\n", "f changes its argument x"),
    "a library": ("import torch\n", "imports torch"),
    "a module that computes": (
        "from latephase.training import trainer\n",
        "imports latephase.training",
    ),
}


@pytest.mark.parametrize(("text", "fault"), LOUD.values(), ids=LOUD)
def test_a_module_that_gives_numbers_is_not_silent(text, fault):
    assert faults(ast.parse(text)) == [fault]
