"""Find the parents of forks: runs of another study, one for each seed."""

from typing import Any

from latephase.catalog import outside
from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.runs import grid, spec
from latephase.runs.columns import ARM
from latephase.runs.spec import Spec

SHARED = ("data", "model", "dtype")
"""What a fork must have in common with the run that it continues."""


def resolve(studies: dict[str, dict], study: str, scale: str, file: str) -> None:
    """Find the parents of a study's forks at a scale, and put their ids into its setting, by seed.

    The settings of all studies must have been checked. Raises UserError if the study does not
    exist, if a seed does not have exactly one run, or if there is no checkpoint or state at the
    step.
    """
    setting = studies[study]["scales"][scale]
    if "fork" in setting:
        where = f"scales.{scale}.fork"
        setting["fork"] = _with_parents(studies, setting["fork"], scale, file, where)
    for i, entry in enumerate(setting.get("grids", [])):
        if "fork" in entry:
            where = f"scales.{scale}.grids[{i}].fork"
            with_parents = _with_parents(studies, entry["fork"], scale, file, where)
            setting["grids"] = [*setting["grids"]]
            setting["grids"][i] = entry | {"fork": with_parents}


def _with_parents(
    studies: dict[str, dict], given: dict[str, Any], scale: str, file: str, where: str
) -> dict[str, Any]:
    there = [name for name, study in studies.items() if scale in study["scales"]]
    check(given["study"], {"enum": there}, file, f"{where}.study")
    parent = studies[given["study"]]["scales"][scale]
    if outside.is_outside(parent):
        raise UserError(
            f"{file}: {where}.study is {given['study']}, whose checkpoints other code made; "
            "allowed: one whose runs are trained here"
        )
    if any("fork" in member for member in grid.members(parent)):
        raise UserError(
            f"{file}: {where}.study is {given['study']}, whose runs are forks; "
            "allowed: a study without forks"
        )
    values, axes, arms = given.get("run", {}), grid.axes(parent), grid.arms(parent)
    axes |= {ARM: list(dict.fromkeys(arms.values()))} if arms else {}
    for path, value in values.items():
        if value not in axes.get(path, []):
            allowed = ", ".join(map(str, axes.get(path, ["an axis of that study"])))
            raise UserError(f"{file}: {where}.run.{path} is {value!r}; allowed: {allowed}")
    parents: dict[str, str] = {}
    on_axes = {path: value for path, value in values.items() if path != ARM}
    for run in grid.specs(parent, on_axes):
        if values.get(ARM, arms.get(spec.run_id(run))) != arms.get(spec.run_id(run)):
            continue
        if (seed := str(run["seed"])) in parents:
            raise UserError(
                f"{file}: {where}.run is {values}, which selects several runs of seed {seed}; "
                f"allowed: values on {', '.join(axes)} that select one"
            )
        parents[seed] = spec.run_id(run)
        _check_step(given, run, file, where)
    return given | {"parents": parents}


def _check_step(given: dict[str, Any], parent: Spec, file: str, where: str) -> None:
    checkpoints = parent["checkpoints"]
    steps = spec.checkpoint_steps(parent["steps"], checkpoints)
    allowed = ", ".join(map(str, steps)) + ", its checkpoints"
    if given.get("state", "kept") == "kept":
        steps = checkpoints.get("states", [])
        allowed = f"{', '.join(map(str, steps)) or 'none'}, checkpoints.states of that study"
    if given["step"] not in steps:
        raise UserError(f"{file}: {where}.step is {given['step']}; allowed: {allowed}")


def check_forks(setting: dict[str, Any], runs: dict[str, Spec], file: str, key: str) -> None:
    """Check that the forks of a study fit the runs that they continue.

    ``runs`` are these runs by their ids. Raises UserError.
    """
    for member in grid.members(setting):
        if "fork" not in member:
            continue
        parents, step = member["fork"]["parents"], member["fork"]["step"]
        template = grid.template(member)
        for _, values in grid.points(member["grid"]):
            run = spec.replaced(template, values)
            if str(run["seed"]) not in parents:
                raise UserError(
                    f"{file}: {key}.grid.seed has {run['seed']}, for which "
                    f"{member['fork']['study']} has no run; allowed: {', '.join(parents)}"
                )
            fork = grid.resolved(run)
            _check_fits(fork, runs[fork["fork"]["run"]], file, key)
            if run["steps"] <= step:
                raise UserError(
                    f"{file}: {key}.steps is {run['steps']}; allowed: above {step}, where it forks"
                )


def _check_fits(fork: Spec, parent: Spec, file: str, key: str) -> None:
    for name in SHARED:
        if fork.get(name) != parent.get(name):
            raise UserError(
                f"{file}: {key}.{name} is {spec.canonical(fork.get(name))}; "
                f"allowed: {spec.canonical(parent.get(name))}, as in the run it forks from"
            )
    names = fork["optimizer"]["name"], parent["optimizer"]["name"]
    if fork["fork"]["state"] == "kept" and names[0] != names[1]:
        raise UserError(
            f"{file}: {key}.optimizer.name is {names[0]}; allowed: {names[1]}, whose state is "
            "kept, or state: reset"
        )
    for i, intervention in enumerate(fork.get("interventions", [])):
        if intervention["step"] < fork["fork"]["step"]:
            raise UserError(
                f"{file}: {key}.interventions[{i}].step is {intervention['step']}; "
                f"allowed: at least {fork['fork']['step']}, where it forks"
            )
