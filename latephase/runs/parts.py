"""The parts of a run: one module each, found by name.

``latephase/parts/models/mlp.py`` is the model ``mlp``, ``latephase/parts/optimizers/adamw.py`` is
the optimizer ``adamw``, and so on.
"""

import importlib
from types import ModuleType
from typing import Any

KINDS = {
    "model": "models",
    "loss": "losses",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "regularizer": "regularizers",
    "augmentation": "augmentations",
}
"""The keys of a spec, and the folders of their parts. A run need not have a part of each kind."""
OF_INTEGERS = ("vocabulary", "padding")
"""Arguments of a model whose inputs are integers: how many different integers there are, and which
of them pads shorter sequences (None if there is none)."""


def module(kind: str, name: str) -> str:
    """The dotted name of a part's module."""
    return f"latephase.parts.{KINDS[kind]}.{name}"


def modules(run: dict[str, Any]) -> list[str]:
    """The dotted names of the modules of a run's parts, including those of its interventions."""
    entries = [
        (kind, entries[kind]["name"])
        for entries in (run, *run.get("interventions", []))
        for kind in KINDS
        if "name" in (entries.get(kind) or {})
    ]
    return [module(*entry) for entry in dict.fromkeys(entries)]


def load(kind: str, name: str) -> ModuleType:
    """Import a part."""
    return importlib.import_module(module(kind, name))


def arguments(entry: dict[str, Any]) -> dict[str, Any]:
    """A spec's entry without its name: the keyword arguments of the part."""
    return {key: value for key, value in entry.items() if key != "name"}
