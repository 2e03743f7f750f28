"""Modules that no digest of code holds: nothing that they give can be a number of a result.

A result is made of numbers. A silent module may take some to tell them, but gives back nothing, a
text, a path or a file; it changes no argument, and nothing of another module; and it imports
nothing that computes. So an edit of it changes no result.
"""

import ast
import builtins
import collections
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from latephase.runs import code_digest

ROOT = Path(__file__).parents[2]
GIVEN = (
    "None",
    "str",
    "bool",
    "ast.Module",
    "Path",
    "frozenset[Path]",
    "Iterator[None]",
    "Iterator[Path]",
    "list[str]",
)
"""What a public function of theirs may return or yield."""
LIBRARIES = (
    *("ast", "collections.abc", "contextlib", "datetime", "errno", "fcntl", "filelock"),
    *("functools", "hashlib", "jsonschema", "jsonschema.exceptions", "logging", "math", "os"),
    *("pathlib", "platform", "re", "sys", "time", "traceback"),
    *("types", "typing"),
)
PROCESS = {
    "os": {
        *("fstat", "fsync", "ftruncate", "getpid", "path", "pwrite", "replace", "strerror"),
        "urandom",
    },
    "sys": {"exit", "stderr"},
}
"""Of modules with which the whole process can be changed, what they may use."""
BY_NAME = {"__import__", "compile", "delattr", "eval", "exec", "globals", "locals", "setattr"}
"""Functions with which anything can be imported or changed."""
MUTABLE = {
    list: tuple,
    set: frozenset,
    dict: MappingProxyType,
    bytearray: bytes,
    collections.deque: tuple,
}
"""Types whose values can be changed, and the like whose values cannot."""
CHANGING = {name for kind, fixed in MUTABLE.items() for name in {*dir(kind)} - {*dir(fixed)}} | {
    *("byteswap", "fill", "itemset", "partition", "put", "resize", "setfield", "setflags")  # NumPy
}
"""Methods that change what they are called on. PyTorch's have names that end with ``_``."""
NAMESAKES = {"jsonschema.validators.extend"}
"""Functions that have the name of such a method, and change nothing."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
FILES = [ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in code_digest.SILENT]


def trees():
    return [(file.stem, ast.parse(file.read_text(encoding="utf-8"))) for file in FILES]


def faults(tree: ast.Module) -> list[str]:
    """What of a module could give a number to a result."""
    modules = imported(tree)
    found = [*given(tree), *unknown(tree), *of_the_process(tree, modules)]
    found += changed(tree, {*modules, *dir(builtins)})
    for function in (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)):
        names = parameters(function)
        found += changed(function, names | aliases(function, names))
        found += [
            f"changes {node.target.id}"
            for node in ast.walk(function)
            if isinstance(node, ast.AugAssign) and ast.unparse(node.target) in names
        ]
    return list(dict.fromkeys(found))


def given(tree: ast.Module) -> Iterator[str]:
    """What public functions give."""
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in (n for n in inner if isinstance(n, FUNCTIONS)):
            told = ast.unparse(function.returns) if function.returns else "nothing told"
            if not function.name.startswith("_") and told not in GIVEN:
                yield f"{function.name} gives {told}"


def imported(tree: ast.Module) -> dict[str, str]:
    """The names that are imported, and the module that each is, or is from."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {alias.asname or alias.name: module for alias in node.names}
    return names


def unknown(tree: ast.Module) -> list[str]:
    """The modules that are imported and may not be."""
    known = {*LIBRARIES, *code_digest.SILENT}
    return [f"imports {module}" for module in imported(tree).values() if module not in known]


def of_the_process(tree: ast.Module, modules: dict[str, str]) -> Iterator[str]:
    """What is used of modules with which the process can be changed, and may not be."""
    known = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            used = [alias.name for alias in node.names]
            used = set(used) - PROCESS.get(node.module, {*used})
            yield from (f"uses {node.module}.{name}" for name in sorted(used))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if node.attr in PROCESS.get(module, ()):
                known.add(node.value)
            elif module in PROCESS:
                known.add(node.value)
                yield f"uses {module}.{node.attr}"
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name)
            and node not in known
            and (modules.get(node.id) in PROCESS or node.id in BY_NAME)
        ):
            yield f"uses {node.id}"


def parameters(function: ast.AST) -> set[str]:
    """The names of a function's arguments."""
    return {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)} - {"self"}


def aliases(function: ast.AST, names: set[str]) -> set[str]:
    """Further names for what some names stand for, or for a part of it."""
    found = set(names)
    for _ in range(3):  # one of another
        for node in ast.walk(function):
            match node:
                case ast.Assign(value=value, targets=[target]):
                    pass
                case ast.AnnAssign() | ast.NamedExpr():
                    value, target = node.value, node.target
                case ast.For() | ast.AsyncFor() | ast.comprehension():
                    value, target = node.iter, node.target
                case _:
                    continue
            if root(value) in found:
                found |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
    return found


def root(node: ast.AST | None) -> str | None:
    """The name that an attribute or an item is of."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def changed(tree: ast.AST, names: set[str]) -> Iterator[str]:
    """Where what a name stands for, or a part of it, is changed."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                whose = root(node)
            case ast.Call(func=ast.Attribute(attr=name)) if name in CHANGING or name[-1] == "_":
                whose = None if ast.unparse(node.func) in NAMESAKES else root(node.func)
            case ast.keyword(arg="out" | "inplace"):  # of NumPy's and pandas' functions
                yield f"changes by {node.arg}"
                continue
            case _:
                continue
        if whose in names:
            yield f"changes {whose}"


@pytest.mark.parametrize(("name", "tree"), trees(), ids=[file.stem for file in FILES])
def test_a_silent_module_gives_no_number(name, tree):
    assert faults(tree) == []


LOUD = {
    "a number": ("def f(x: int) -> int:\n    return x\n", "f gives int"),
    "nothing told": ("def f(x):\n    return x\n", "f gives nothing told"),
    "a method": ("class A:\n    def f(self) -> float:\n        return 1.0\n", "f gives float"),
    "a library": ("import torch\n", "imports torch"),
    "a library of Python's": ("import random\n", "imports random"),
    "a library under another name": ("import random as time\n", "imports random"),
    "a module that computes": (
        "from latephase.training import trainer\n",
        "imports latephase.training",
    ),
    "a module beside it": ("from . import trainer\n", "imports ."),
    "the environment": ("import os\nos.environ.get('A')\n", "uses os.environ"),
    "the environment, imported": ("from os import environ\n", "uses os.environ"),
    "the folder": ("import os as o\no.chdir('/')\n", "uses os.chdir"),
    "the paths": ("import sys\nsys.path\n", "uses sys.path"),
    "the modules": ("import sys\ngetattr(sys, 'modules')\n", "uses sys"),
    "any import": ("__import__('random')\n", "uses __import__"),
    "a module's value": ("import math\nmath.pi = 3\n", "changes math"),
    "a value of a value": ("import time\ntime.a.b[0].c = 3\n", "changes time"),
    "a value removed": ("import math\ndel math.pi\n", "changes math"),
    "a name of Python's": ("list.append([], 1)\n", "changes list"),
}
CHANGES = {
    "an item": "x[0] = 1",
    "an attribute": "x.y = 1",
    "an item of an item": "x[0][1] = 1",
    "an item of an attribute": "x.y[1] += 1",
    "one of several": "a, x[0] = 1, 2",
    "an item removed": "del x[0]",
    "append": "x.append(1)",
    "update": "x.y.update(a=1)",
    "pop": "a = x.pop()",
    "sort": "x.sort()",
    "fill": "x[:].fill(0)",
    "one of PyTorch's": "x.mul_(2)",
    "more": "x += [1]",
    "a special method": "x.__setitem__(0, 1)",
}
RENAMED = {
    "another name": "y = x\n    y.append(1)",
    "another name of another": "y = z.a\n    z = x\n    y.append(1)",
    "each in a loop": "for y in x.z:\n        y[0] = 1",
    "each in a list": "[y.pop() for y in x]",
}
ARGUMENTS = {"": "x", "a star": "*x", "a name": "*, x", "two stars": "**x", "the second": "a, /, x"}


@pytest.mark.parametrize(("text", "fault"), LOUD.values(), ids=LOUD)
def test_a_module_that_gives_numbers_is_not_silent(text, fault):
    assert faults(ast.parse(text)) == [fault]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_a_function_that_changes_its_argument_is_not_silent(change, arguments):
    text = f"def f({arguments}) -> None:\n    {change}\n"
    assert faults(ast.parse(text)) == ["changes x"]


@pytest.mark.parametrize("change", RENAMED.values(), ids=RENAMED)
def test_an_argument_under_another_name_is_not_changed(change):
    assert faults(ast.parse(f"def f(x) -> None:\n    {change}\n")) == ["changes y"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("f = lambda x: x.pop()", "changes x"),
        ("def f(x) -> None:\n    max(1, out=x)", "changes by out"),
    ],
)
def test_other_ways_to_change_an_argument(text, fault):
    assert faults(ast.parse(text)) == [fault]


def test_what_is_one_s_own_may_be_changed():
    text = "def f(self, x) -> None:\n    y = list(x)\n    y.append(1)\n    self.y = y\n"
    assert faults(ast.parse(text)) == []
