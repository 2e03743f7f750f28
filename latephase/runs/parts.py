"""The parts a run is made of: one module each, found by name.

``latephase/models/mlp.py`` is the model ``mlp``, ``latephase/optimizers/adamw.py`` the
optimizer ``adamw``, and so on. A part declares its parameters in a literal
``PARAMETERS = {name: JSON schema}``, read here without importing the module (and torch
with it), so that a study is checked in milliseconds. A parameter without a ``default``
must be given.
"""

import ast
import functools
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = Path(__file__).parent
KINDS = {
    "model": "models",
    "loss": "losses",
    "optimizer": "optimizers",
    "schedule": "schedules",
}
"""The key of a spec, and the folder its parts live in. A run need not have one of each."""


@functools.cache
def names(kind: str) -> list[str]:
    """The parts there are of a kind."""
    folder = PACKAGE / KINDS[kind]
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def path(kind: str, name: str) -> Path:
    """The file of a part."""
    return PACKAGE / KINDS[kind] / f"{name}.py"


@functools.cache
def parameters(kind: str, name: str) -> dict[str, dict[str, Any]]:
    """A part's ``PARAMETERS``, read from its source."""
    found = _literal(kind, name, "PARAMETERS")
    if found is None:
        raise LookupError(f"{path(kind, name)} declares no PARAMETERS")
    return found


@functools.cache
def side(model: str) -> dict[str, Any]:
    """The JSON schema of the height and the width of the inputs that a model takes."""
    return _literal("model", model, "SIDE") or {}


def _literal(kind: str, name: str, variable: str) -> Any:
    """What a part's source sets a variable to; None where it does not."""
    for node in ast.parse(path(kind, name).read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable:
            return ast.literal_eval(node.value)
    return None


def schema(kind: str, name: str) -> dict[str, Any]:
    """The JSON schema of a part's entry in a spec."""
    declared = parameters(kind, name)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"name": {"const": name}, **declared},
        "required": ["name", *(key for key, value in declared.items() if "default" not in value)],
    }


def module(kind: str, name: str) -> str:
    """The dotted name of a part's module."""
    return f"latephase.{KINDS[kind]}.{name}"


def modules(run: dict[str, Any]) -> list[str]:
    """The dotted names of the modules of a run's parts."""
    return [module(kind, run[kind]["name"]) for kind in KINDS if kind in run]


def load(kind: str, name: str) -> ModuleType:
    """Import a part."""
    return importlib.import_module(module(kind, name))


def arguments(entry: dict[str, Any]) -> dict[str, Any]:
    """A spec's entry without its name: the keyword arguments of the part."""
    return {key: value for key, value in entry.items() if key != "name"}
