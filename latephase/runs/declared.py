"""What the modules found by name declare of themselves, read without importing them.

A part declares its parameters in a literal ``PARAMETERS = {name: JSON schema}``. To read it from
the source takes milliseconds; to import the module would bring torch with it. A parameter without
a ``default`` must be given.
"""

import ast
import functools
from pathlib import Path
from typing import Any

from latephase.runs.code_digest import ROOT
from latephase.runs.parts import KINDS

PARTS = ROOT / "latephase" / "parts"


def modules_in(folder: Path) -> list[str]:
    """The names of the modules in a folder, in order."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


@functools.cache
def tree(file: Path) -> ast.Module:
    """A module's source as Python reads it."""
    return ast.parse(file.read_text(encoding="utf-8"))


def literal(file: Path, variable: str) -> Any:
    """What a module's source sets a variable to, a literal; None where it does not."""
    for node in tree(file).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable:
            return ast.literal_eval(node.value)
    return None


@functools.cache
def names(kind: str) -> list[str]:
    """The parts there are of a kind."""
    folder = PARTS / KINDS[kind]
    return [
        name
        for name in modules_in(folder)
        if literal(folder / f"{name}.py", "PARAMETERS") is not None
    ]


def path(kind: str, name: str) -> Path:
    """The file of a part."""
    return PARTS / KINDS[kind] / f"{name}.py"


@functools.cache
def parameters(kind: str, name: str) -> dict[str, dict[str, Any]]:
    """A part's ``PARAMETERS``."""
    found = literal(path(kind, name), "PARAMETERS")
    if found is None:
        raise LookupError(f"{path(kind, name)} declares no PARAMETERS")
    return found


@functools.cache
def side(model: str) -> dict[str, Any]:
    """The JSON schema of the height and the width of the inputs that a model takes."""
    return literal(path("model", model), "SIDE") or {}


def schema(kind: str, name: str) -> dict[str, Any]:
    """The JSON schema of a part's entry in a spec."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"name": {"const": name}, **parameters(kind, name)},
        "required": ["name", *required(parameters(kind, name))],
    }


def required(declared: dict[str, dict[str, Any]]) -> list[str]:
    """What must be given: the names that have no default."""
    return [name for name, rule in declared.items() if "default" not in rule]
