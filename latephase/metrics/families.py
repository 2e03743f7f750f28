"""The families of metrics. Each is a folder, found by its name.

``scripts/extract/<family>.py`` measures a family. The folder's ``__init__`` declares it without
torch: its columns, whether it is measured on every run, and what it needs in addition to
checkpoints and data.
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
"""The declarations, by the families' names."""
FAMILIES = tuple(name for name, declared in DECLARED.items() if declared.EVERY_RUN)
"""The families that are measured on every run."""
MORE_FAMILIES = tuple(name for name in DECLARED if name not in FAMILIES)
"""More expensive families. They are measured if a study names them under ``metrics``."""
PLACE = r"<\w+>"
"""A placeholder in the name of a declared column."""
OWN = HERE / "own"
"""Metrics of the user's own: ``own/<name>.py`` has a function of that name."""


def measured(setting: dict[str, Any]) -> list[str]:
    """The families and the user's own metrics that are measured for a study's setting."""
    return [*FAMILIES, *setting.get("metrics", [])]


def inputs(family: str) -> tuple[str, ...]:
    """What the extraction of a family needs in addition to checkpoints and data."""
    return getattr(DECLARED.get(family), "INPUTS", ())


def has_column(family: str, column: str) -> bool:
    """Whether a family declares a column.

    ``<layer>`` in a declared column stands for any text, unless this text ends nearly as another
    column does: ``relative_flatness_layer_0_eror`` is not a column of a layer ``0_eror``.
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
    """Whether the last words of a text are exactly or nearly a tail such as ``_error``."""
    for tail in tails:
        _, *words = text.rsplit("_", tail.count("_"))
        if difflib.get_close_matches("".join(f"_{word}" for word in words), [tail], cutoff=0.75):
            return True
    return False
