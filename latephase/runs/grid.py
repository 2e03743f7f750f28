"""The runs of a study: a template, one or several grids of axes, and the defaults.

This module is separate from the catalog, so a program that only needs to know a study's runs does
not depend on the checks of the catalog.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from latephase.errors import UserError
from latephase.runs import declared, parts, spec
from latephase.runs.spec import Spec

NOT_OF_A_RUN = ("arm", "grid", "grids", "like", "margins", "metrics", "pack")
"""Keys of a setting that concern the study and are not part of its runs' specs."""
ARM = "arm"
"""The same as in :mod:`latephase.runs.columns`. It is repeated so that the code that reads grids
does not depend on the other names there."""
NUMBERS = ("temperature", "max_head_norm", "scale_weights_to")
"""Keys of a run, or of an intervention, whose values are numbers."""


def points(axes: dict[str, list]) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """Every cell of a grid, last axis fastest: its index along each axis, and its values."""
    for cell in itertools.product(*(list(enumerate(values)) for values in axes.values())):
        yield (
            tuple(index for index, _ in cell),
            {path: value for path, (_, value) in zip(axes, cell, strict=True)},
        )


def has(run: Spec, path: str) -> bool:
    """Whether a spec has a value at a dotted name."""
    try:
        spec.lookup(run, path)
    except (KeyError, TypeError):
        return False
    return True


def template(setting: dict[str, Any]) -> Spec:
    """What a grid's runs have in common, before the grid's values are inserted."""
    return {key: value for key, value in setting.items() if key not in NOT_OF_A_RUN}


def members(setting: dict[str, Any]) -> list[dict[str, Any]]:
    """The grids whose union is a study, each as a setting with a ``grid`` and without ``grids``.

    If the setting has no ``grids``, this is the setting itself. Otherwise it is each entry of
    ``grids``, laid over the keys beside them.
    """
    if "grids" not in setting:
        return [setting]
    common = {key: value for key, value in setting.items() if key != "grids"}
    return [laid_over(common, entry) for entry in setting["grids"]]


def laid_over(common: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """A setting with one entry of its ``grids`` laid over it.

    The axes of both ``grid`` are combined. Data and parts with the same name are merged key by key.
    A part with another name has other parameters, so it replaces the first one. Any other value
    also replaces the first one.
    """
    result = dict(common)
    for key, value in entry.items():
        old = common.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            same = "name" in old and value.get("name", old["name"]) == old["name"]
            value = old | value if key == "grid" or same else value
        result[key] = value
    return result


def leaves(entry: dict[str, Any], above: str = "") -> dict[str, Any]:
    """The values that an entry of ``grids`` sets, by dotted names, without its axes and its arm.

    Of a fork only the step is included: besides it, a run's spec has only the id of the parent and
    whether the state is kept.
    """
    found = {}
    for key, value in entry.items():
        if f"{above}{key}" == ARM:
            continue
        if f"{above}{key}" == "fork":
            value = {"step": value["step"]}
        if isinstance(value, dict) and f"{above}{key}" != "grid":
            found |= leaves(value, f"{above}{key}.")
        elif not isinstance(value, dict):
            found[above + key] = value
    return found


def axes(setting: dict[str, Any]) -> dict[str, list]:
    """The dotted names that distinguish a study's runs, and the values of each.

    They are the axes of its grids, and the names that an entry of ``grids`` sets.
    """
    grids = members(setting)
    named = dict.fromkeys(path for entry in setting.get("grids", []) for path in leaves(entry))
    named |= dict.fromkeys(path for member in grids for path in member["grid"])
    found: dict[str, list] = {path: [] for path in named}
    for member in grids:
        common = template(member)
        for path, values in found.items():
            fixed = [spec.lookup(common, path)] if has(common, path) else []
            values += [v for v in member["grid"].get(path, fixed) if v not in values]
    return found


def row(run: Spec, paths: Iterable[str]) -> dict[str, Any]:
    """The values of a run at dotted names, for a table. A name that the run lacks is left out.

    A value that is not a single number or text (a whole part, a list of widths) is written as text.
    Different values have different texts.
    """
    values = {path: spec.lookup(run, path) for path in paths if has(run, path)}
    return {
        path: spec.canonical(value) if isinstance(value, dict | list) else value
        for path, value in values.items()
    }


def specs(setting: dict[str, Any], only: dict[str, Any] | None = None) -> list[Spec]:
    """The full specs of the runs of a checked setting, each once, in the order of its grids.

    ``only`` keeps the runs that have these values on the axes that it names (:func:`axes`).
    """
    found: dict[str, Spec] = {}
    for member in members(setting):
        for run in _of_member(member, only or {}):
            found.setdefault(spec.canonical(run), run)
    return list(found.values())


def _of_member(member: dict[str, Any], only: dict[str, Any]) -> Iterator[Spec]:
    common = template(member)
    for _, values in points(_kept(common, member["grid"], only)):
        yield resolved(spec.replaced(common, values))


def arms(setting: dict[str, Any]) -> dict[str, str]:
    """The arm of each run, by the run's id: that of the first grid that contains the run."""
    found: dict[str, str] = {}
    for member in members(setting):
        if ARM in member:
            for run in _of_member(member, {}):
                found.setdefault(spec.run_id(run), member[ARM])
    return found


def table(
    setting: dict[str, Any], also: Iterable[str] = (), only: dict[str, Any] | None = None
) -> tuple[list[str], list[dict[str, Any]]]:
    """A study's runs in the order of its grids: the columns, and a row for each run.

    The first column, ``run``, is the run's id. The others are ``arm``, if grids have one; the axes
    of the grids; and the names in ``also``, without those that no run has. ``only`` is that of
    :func:`specs`.
    """
    paths, arm_of = dict.fromkeys([*axes(setting), *also]), arms(setting)
    rows = []
    for run in specs(setting, only):
        name = spec.run_id(run)
        of_arm = {ARM: arm_of[name]} if name in arm_of else {}
        rows.append({"run": name} | of_arm | row(run, paths))
    held = {path for found in rows for path in found}
    return ["run", *(path for path in [ARM, *paths] if path in held)], rows


def planned_table(
    planned: str | None,
    setting: dict[str, Any],
    also: Iterable[str] = (),
    only: dict[str, Any] | None = None,
) -> tuple[list[str], list[dict[str, Any]]]:
    """:func:`table`, checked against the digest that it had when a job was planned.

    The digest is among the job's params, so an edit of this module runs the job again only if it
    changes the table. Raises UserError if the table has changed.
    """
    found = table(setting, also, only)
    if planned not in (None, spec.digest(found)):
        raise UserError(
            "the code that reads grids has changed since this job was planned; "
            "run again, or undo the edit"
        )
    return found


def _kept(common: Spec, grid: dict[str, list], only: dict[str, Any]) -> dict[str, list]:
    """A grid reduced to the given values. An axis becomes empty if it lacks the requested value."""
    kept = dict(grid)
    for path, value in only.items():
        if path in grid:
            kept[path] = [other for other in grid[path] if other == value]
        elif not has(common, path) or spec.lookup(common, path) != value:
            kept[path] = []
    return kept


def resolved(run: Spec) -> Spec:
    """A run's spec with every default filled in and every number of one type."""
    outside = "found" in run["checkpoints"]  # other code trained it
    kinds = [kind for kind in (("loss",) if outside else parts.KINDS) if kind in run]
    filled = run | {kind: _whole(kind, run[kind]) for kind in kinds}
    if outside:
        filled |= _outside(run["checkpoints"], run["seed"])
    filled |= {name: float(run[name]) for name in NUMBERS if name in run}
    if "interventions" in run:
        optimizer = declared.parameters("optimizer", run["optimizer"]["name"])
        filled["interventions"] = [_intervention(one, optimizer) for one in run["interventions"]]
    if "fork" in run:
        filled["fork"] = _fork(run["fork"], run["seed"])
    filled["data"] = {
        name: _floats(value) if name in ("mean", "std") else value
        for name, value in run["data"].items()
    }
    return filled


def _whole(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """A part's entry with every parameter."""
    entry = {"name": given["name"]}
    for name, rule in declared.parameters(kind, given["name"]).items():
        entry[name] = _typed(given.get(name, rule.get("default")), rule)
    return entry


def _typed(value: Any, rule: dict[str, Any]) -> Any:
    return float(value) if rule.get("type") == "number" else value


def _intervention(given: dict[str, Any], optimizer: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An intervention with every parameter of its parts.

    ``optimizer`` are the parameters that the run's optimizer declares.
    """
    entry = dict(given)
    for name, value in given.items():
        if value is None:
            continue
        if name == "optimizer":
            entry[name] = {key: _typed(number, optimizer[key]) for key, number in value.items()}
        elif name in parts.KINDS:
            entry[name] = _whole(name, value)
        elif name in NUMBERS:
            entry[name] = float(value)
    return entry


def _fork(given: dict[str, Any], seed: int) -> dict[str, Any]:
    """The parent run, the step, and whether the state is kept.

    The catalog has found the parents by seed.
    """
    parent = given.get("parents", {}).get(str(seed))
    return {"run": parent, "step": given["step"], "state": given.get("state", "kept")}


def _outside(given: dict[str, Any], seed: int) -> dict[str, Any]:
    """The checkpoints of a run that other code trained, and its last step.

    The catalog has found the files by seed.
    """
    found = given["found"][str(seed)]
    entry = {key: given[key] for key in ("pattern", "prefix")}
    entry |= {key: found[key] for key in ("folder", "content")}
    return {"checkpoints": entry, "steps": found["steps"]}


def _floats(value: float | list[float]) -> float | list[float]:
    return [float(number) for number in value] if isinstance(value, list) else float(value)
