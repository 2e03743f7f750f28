"""Which columns the data of a study have, known before anything runs."""

import difflib
from collections.abc import Iterable
from typing import Any

from latephase.catalog.check_schema import Format
from latephase.catalog.entries import Catalog
from latephase.metrics import families
from latephase.runs import declared, grid
from latephase.runs.columns import (
    ALWAYS,
    DIVERGED_AT,
    EITHER_MOMENTUM,
    HISTORY,
    OPTIMIZER,
    PACK,
    RUN,
    STEP,
)

OF_RUNS = (RUN, STEP, PACK, DIVERGED_AT, *ALWAYS, OPTIMIZER, EITHER_MOMENTUM, "steps")


def formats(catalog: Catalog, studies: Iterable[str], scale: str) -> dict[str, Format]:
    """What ``format: metric`` and ``format: column`` mean for the data of studies at a scale."""
    settings = [catalog.setting(study, scale) for study in studies]
    axes = [axis for setting in settings for axis in grid.axes(setting)]

    def is_metric(value: Any) -> bool:
        return all(_measured(setting, value) for setting in settings)

    def is_column(value: Any) -> bool:
        return value in OF_RUNS or value in axes or is_metric(value)

    metrics = [name for setting in settings for name in _metrics(setting)]
    return {
        "metric": (is_metric, lambda value: _allowed(value, metrics, "a metric of the data")),
        "column": (
            is_column,
            lambda value: _allowed(value, [*OF_RUNS, *axes, *metrics], "a column of the data"),
        ),
    }


def _families(setting: dict[str, Any]) -> list[str]:
    asked = [name for name in setting.get("metrics", []) if name in families.MORE_FAMILIES]
    return [*families.FAMILIES, *asked]


def _own(setting: dict[str, Any]) -> list[str]:
    return [name for name in setting.get("metrics", []) if name not in families.MORE_FAMILIES]


def _own_columns(name: str) -> list[str] | None:
    """The columns that a metric of the user's own declares; None where it declares none."""
    return declared.literal(families.OWN / f"{name}.py", "COLUMNS")


def _measured(setting: dict[str, Any], column: Any) -> bool:
    """Whether a setting's runs have a metric. An own metric may not declare what it returns."""
    if not isinstance(column, str):
        return False
    own = [_own_columns(name) for name in _own(setting)]
    return (
        column in HISTORY
        or any(families.has_column(family, column) for family in _families(setting))
        or any(columns is None or column in columns for columns in own)
    )


def _metrics(setting: dict[str, Any]) -> list[str]:
    named = [c for family in _families(setting) for c in families.DECLARED[family].COLUMNS]
    own = [column for name in _own(setting) for column in _own_columns(name) or []]
    return [*HISTORY, *named, *own]


def _allowed(value: Any, names: list[str], what: str) -> str:
    near = difflib.get_close_matches(str(value), sorted(set(names)), n=3)
    return f"{what}, such as {', '.join(near)}" if near else f"{what} (docs/metrics.md)"
