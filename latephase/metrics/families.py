"""The families of metrics: a folder each, found by its name; ``scripts/extract/<family>.py``
measures it.

A folder's ``__init__`` declares the family without torch: its columns, whether it is measured on
every run, and what it takes beside checkpoints and data.
"""

import difflib
import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
_FOUND = sorted(path.parent.name for path in HERE.glob("*/family.py"))
DECLARED: dict[str, ModuleType] = {
    name: importlib.import_module(f"latephase.metrics.{name}") for name in _FOUND
}
"""The declarations by the families' names."""
FAMILIES = tuple(name for name, declared in DECLARED.items() if declared.EVERY_RUN)
"""Measured on every run."""
MORE_FAMILIES = tuple(name for name in DECLARED if name not in FAMILIES)
"""Dearer ones, measured where a study names them under ``metrics``."""
PLACE = r"<\w+>"
"""In a declared column, what is filled in."""
OWN = HERE / "own"
"""Metrics of the user's own: ``own/<name>.py`` has a function of that name."""


def measured(setting: dict[str, Any]) -> list[str]:
    """The families, and metrics of the user's own, that the runs of a study's setting have."""
    return [*FAMILIES, *setting.get("metrics", [])]


def inputs(family: str) -> tuple[str, ...]:
    """What the extraction of a family takes beside checkpoints and data."""
    return getattr(DECLARED.get(family), "INPUTS", ())


def has_column(family: str, column: str) -> bool:
    """Whether a family declares a column.

    ``<layer>`` in a declared column is any text, unless that ends nearly as another column does:
    ``relative_flatness_layer_0_eror`` is not of a layer ``0_eror``.
    """
    if "<" in column:
        return False
    names = DECLARED[family].COLUMNS
    patterns = [re.split(PLACE, name) for name in names if "<" in name]
    tails = {pieces[-1] for pieces in patterns} - {""}
    fits = [re.fullmatch("(.+)".join(map(re.escape, pieces)), column) for pieces in patterns]
    filled = [match[match.lastindex] for match in fits if match]
    return column in names or any(not _ends_nearly(text, tails) for text in filled)


def _ends_nearly(text: str, tails: set[str]) -> bool:
    """Whether the last words of a text are nearly, or just, a tail such as ``_error``."""
    for tail in tails:
        _, *words = text.rsplit("_", tail.count("_"))
        if difflib.get_close_matches("".join(f"_{word}" for word in words), [tail], cutoff=0.75):
            return True
    return False
