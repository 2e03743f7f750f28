"""The families of metrics: a folder each, found by its name; ``scripts/extract/<family>.py``
measures it.

A folder's ``__init__`` declares the family without torch: its columns, whether it is measured on
every run, and what it takes beside checkpoints and data.
"""

import importlib
import re
from pathlib import Path
from types import ModuleType

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
OWN = HERE / "own"
"""Metrics of the user's own: ``own/<name>.py`` has a function of that name."""


def inputs(family: str) -> tuple[str, ...]:
    """What the extraction of a family takes beside checkpoints and data."""
    return getattr(DECLARED.get(family), "INPUTS", ())


def has_column(family: str, column: str) -> bool:
    """Whether a family declares a column."""
    return any(_pattern(declared).fullmatch(column) for declared in DECLARED[family].COLUMNS)


def _pattern(declared: str) -> re.Pattern[str]:
    """The names that a declared column stands for: ``<layer>`` is any text."""
    return re.compile("(.+)".join(map(re.escape, re.split(r"<\w+>", declared))))
