"""Which columns the data of a study will have, derived before anything runs."""

import difflib
import functools
from collections.abc import Callable, Sequence
from typing import Any

from latephase.catalog.check_schema import Format
from latephase.catalog.entries import Catalog
from latephase.metrics import families
from latephase.runs import declared, grid, spec
from latephase.runs.columns import ALWAYS, ARM, EITHER_MOMENTUM, OPTIMIZER, PACK, RUN, STEP
from latephase.runs.history import DIVERGED_AT, HISTORY

OF_ROWS = (RUN, STEP, PACK, DIVERGED_AT)
NEAR = 0.75
"""If two names are at least this similar (:mod:`difflib`), one counts as a misspelling of the
other."""


class Data:
    """The columns and values of a study's data at a scale, derived from its checked setting."""

    def __init__(self, setting: dict[str, Any]):
        self.setting = setting
        measured = families.measured(setting)
        self.families = [name for name in measured if name in families.DECLARED]
        self.own = {
            name: declared.literal(families.OWN / f"{name}.py", "COLUMNS")
            for name in measured
            if name not in families.DECLARED
        }
        """The columns that each of the user's own metrics declares; None if it declares none."""

    @functools.cached_property
    def values(self) -> dict[str, list]:
        """The columns that describe the runs, each with its values. Axes come first.

        The columns are those of :func:`latephase.runs.grid.table` without ``run``. A few runs are
        enough to find all columns, because the columns of a run depend on its parts and not on the
        numbers of an axis.
        """
        axes, named = grid.axes(self.setting), self._arms()
        paths = dict.fromkeys([*axes, *ALWAYS])
        plain = {p for p, of in axes.items() if not any(isinstance(v, dict | list) for v in of)}
        columns = {path: list(axes[path]) if path in plain else [] for path in axes}
        columns |= {ARM: named} if named else {}
        for member in grid.members(self.setting):
            few = {
                path: of[:1] if path in plain and not path.endswith(".name") else of
                for path, of in member["grid"].items()
            }
            for _, point in grid.points(few):
                run = grid.resolved(spec.replaced(grid.template(member), point))
                for path, value in grid.row(run, paths).items():
                    if value not in columns.setdefault(path, []):
                        columns[path].append(value)
        return columns

    def _arms(self) -> list[str]:
        members = grid.members(self.setting)
        return list(dict.fromkeys(member[ARM] for member in members if ARM in member))

    @functools.cached_property
    def metrics(self) -> list[str]:
        """The metrics, under the names by which they are declared."""
        named = [name for family in self.families for name in families.DECLARED[family].COLUMNS]
        return [*HISTORY, *named, *(name for its in self.own.values() for name in its or ())]

    @functools.cached_property
    def lists(self) -> set[str]:
        """The metrics that have a list of numbers in each row."""
        declared = (families.DECLARED[family] for family in self.families)
        return {name for one in declared for name in getattr(one, "LISTS", ())}

    def has_metric(self, name: Any) -> bool:
        """Whether there is a metric of that name.

        If a metric of the user's own declares no columns, it may return any column, except one
        whose name is nearly that of something else.
        """
        if not isinstance(name, str):
            return False
        if name in self.metrics or any(families.has_column(f, name) for f in self.families):
            return "<" not in name
        return None in self.own.values() and not self._is_nearly(name)

    def _is_nearly(self, name: str) -> bool:
        """Whether runs or families have something with exactly or nearly that name."""
        of_runs = {key for member in grid.members(self.setting) for key in grid.template(member)}
        metrics = [column for family in families.DECLARED.values() for column in family.COLUMNS]
        names = [*OF_ROWS, *of_runs, *self.values, EITHER_MOMENTUM, *self.metrics, *metrics]
        near = difflib.get_close_matches(name, names, n=1, cutoff=NEAR)
        return bool(near) or name.partition(".")[0] in of_runs

    def has_column(self, name: Any) -> bool:
        """Whether there is a column of that name."""
        return name in (*OF_ROWS, *self.values) or self.has_metric(name)


def reader(catalog: Catalog) -> Callable[[str, str], Data]:
    """A function that returns the data of a study at a scale, and computes each only once."""
    return functools.cache(lambda study, scale: Data(catalog.setting(study, scale)))


def formats(data: Sequence[Data]) -> dict[str, Format]:
    """The formats that a schema may require of values, for something made from studies' data.

    ``metric``, ``measured`` and ``column`` are names of columns that all of these studies have: a
    ``metric`` has one number in each row, a ``measured`` has one number or a list, and a ``column``
    is any column. ``optimizer`` is one of the optimizers that the first study compares. ``options``
    has values on their other axes: ``{head: muon}``.
    """
    first, measured = data[0].values, [name for one in data for name in one.metrics]
    known = [name for name in measured if not any(name in one.lists for one in data)]
    optimizers = first.get(OPTIMIZER, [])
    start = OPTIMIZER.removesuffix("name")
    options = {path.removeprefix(start): of for path, of in first.items() if path.startswith(start)}

    def is_options(value: Any) -> bool:
        pairs = value.items() if isinstance(value, dict) else [(None, None)]
        return all(one in options.get(name, []) for name, one in pairs)

    def near(names: list[str], what: str) -> Callable[[Any], str]:
        return lambda value: _allowed(value, names, what, data)

    def of_options(_: Any) -> str:
        return "; ".join(f"{name}: {', '.join(map(str, of))}" for name, of in options.items())

    return {
        "metric": (
            lambda value: all(one.has_metric(value) and value not in one.lists for one in data),
            near(known, "a metric of the data"),
        ),
        "measured": (
            lambda value: all(one.has_metric(value) for one in data),
            near(measured, "a metric of the data"),
        ),
        "column": (
            lambda value: all(one.has_column(value) for one in data),
            near([*OF_ROWS, *first, *measured], "a column of the data"),
        ),
        "optimizer": (lambda value: value in optimizers, lambda _: ", ".join(optimizers)),
        "options": (is_options, of_options),
    }


def _allowed(value: Any, names: list[str], what: str, data: Sequence[Data]) -> str:
    near = difflib.get_close_matches(str(value), sorted(set(names)), n=3)
    line = f"{what}, such as {', '.join(near)}" if near else f"{what} (docs/metrics.md)"
    for name in (name for one in data for name, columns in one.own.items() if columns is None):
        return f"{line}, or one that COLUMNS declares in latephase/metrics/own/{name}.py"
    return line
