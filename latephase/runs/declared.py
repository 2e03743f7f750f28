"""What modules declare about themselves. It is read without importing them.

A part declares its parameters in a literal ``PARAMETERS = {name: JSON schema}``. Reading it from
the source takes milliseconds. Importing the module would also import torch. A parameter without a
``default`` must be given.
"""

import ast
import functools
from pathlib import Path
from typing import Any

from latephase.errors import UserError
from latephase.runs.code_digest import ROOT, told, tree
from latephase.runs.parts import KINDS

PARTS = ROOT / "latephase" / "parts"


def modules_in(folder: Path) -> list[str]:
    """The names of the modules in a folder, sorted, without files that editors leave there."""
    stems = (path.stem for path in folder.glob("*.py") if path.is_file())
    return sorted(stem for stem in stems if stem.isidentifier() and stem != "__init__")


def literal(file: Path, variable: str) -> Any:
    """The value that a module's source assigns to a variable; None if it assigns none.

    Raises UserError if the value is not a literal, or if the variable is set more than once.
    """
    found = [node for node in tree(file).body if variable in _set_by(node)]
    for again in found[1:]:
        line = f"{told(file)}: line {again.lineno} sets {variable} again"
        raise UserError(f"{line}; allowed: once, a literal")
    if not found:
        return None
    try:
        return ast.literal_eval(found[0].value)
    except (TypeError, ValueError):
        text = ast.unparse(found[0].value)
        text = text if len(text) <= 60 else f"{text[:60]}…"
        line = f"{told(file)}: {variable} at line {found[0].lineno} is {text}"
        raise UserError(
            f"{line}; allowed: a literal, because it is read without running the code"
        ) from None


def _set_by(node: ast.stmt) -> list[str]:
    """The variables that a statement sets, all to the same value."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value is not None:
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


@functools.cache
def names(kind: str) -> list[str]:
    """The names of all parts of a kind."""
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
    """A part's ``PARAMETERS``. Raises UserError if they are not JSON schemas by name."""
    found = literal(path(kind, name), "PARAMETERS")
    if not (isinstance(found, dict) and all(isinstance(rule, dict) for rule in found.values())):
        line = f"{told(path(kind, name))}: PARAMETERS is {found!r}"
        raise UserError(f"{line}; allowed: a JSON schema for each name, {{}} without any")
    return found


def default(kind: str, name: str, parameter: str) -> Any:
    """The default of a part's parameter; None if there is no such parameter."""
    return parameters(kind, name).get(parameter, {}).get("default")


@functools.cache
def side(model: str) -> dict[str, Any]:
    """The JSON schema of the height and width of the inputs that a model accepts."""
    return literal(path("model", model), "SIDE") or {}


@functools.cache
def inputs(model: str) -> tuple[str, ...]:
    """The inputs that a model accepts: "images", "integers" or both."""
    return tuple(literal(path("model", model), "INPUTS") or ["images"])


@functools.cache
def batch_norm(model: str) -> bool:
    """Whether a model normalises over the batch, unless its parameter ``batch_norm`` is false."""
    return bool(literal(path("model", model), "BATCH_NORM"))


@functools.cache
def library(model: str) -> str:
    """The optional library that a model needs; "" if it needs none."""
    return literal(path("model", model), "LIBRARY") or ""


@functools.cache
def config_keys(model: str) -> dict[str, str]:
    """The keys of a library's config.json, and the names of these parameters in the model."""
    return literal(path("model", model), "CONFIG") or {}


@functools.cache
def config_fixed(model: str) -> dict[str, Any]:
    """The values that this config.json must have, whatever the parameters are."""
    return literal(path("model", model), "FIXED") or {}


@functools.cache
def config_named(model: str) -> dict[str, dict[str, dict[str, Any]]]:
    """For keys of this config.json, what each allowed value means for the model's parameters."""
    return literal(path("model", model), "NAMED") or {}


@functools.cache
def config_usual(model: str) -> dict[str, list[Any]]:
    """For keys of this config.json, the allowed values. A missing key means one of them."""
    return literal(path("model", model), "USUAL") or {}


def schema(kind: str, name: str) -> dict[str, Any]:
    """The JSON schema of a part's entry in a spec."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"name": {"const": name}, **parameters(kind, name)},
        "required": ["name", *required(parameters(kind, name))],
    }


def required(declared: dict[str, dict[str, Any]]) -> list[str]:
    """The names that have no default and must be given."""
    return [name for name, rule in declared.items() if "default" not in rule]
