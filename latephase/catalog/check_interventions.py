"""Check the interventions of a run. Each mistake is reported in one line."""

from typing import Any

from latephase.catalog.check_parts import check_part
from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.runs import declared
from latephase.runs.spec import Spec

ENDLESS = {"step", "until", "scale_weights_to"}
"""Keys of an intervention that give its steps, or that act at one step only."""


def check_interventions(run: Spec, file: str, key: str) -> None:
    """Check the interventions of a run whose other entries are correct."""
    for i, intervention in enumerate(run.get("interventions", [])):
        where = f"{key}.interventions[{i}]"
        _check_steps(run["steps"], intervention, file, where)
        if "optimizer" in intervention:
            _check_numbers(run["optimizer"]["name"], intervention["optimizer"], file, where)
        for kind in ("schedule", "regularizer"):
            if intervention.get(kind) is not None:
                check_entry(kind, intervention[kind], file, f"{where}.{kind}")
        length = intervention.get("until", run["steps"]) - intervention["step"]
        check_milestones(intervention.get("schedule") or {}, length, file, f"{where}.schedule")


def check_entry(kind: str, entry: dict[str, Any], file: str, where: str) -> None:
    """Check that an entry names an existing part and has the keys that this part declares."""
    check(entry["name"], {"enum": declared.names(kind)}, file, f"{where}.name")
    check_part(kind, entry["name"])
    check(entry, declared.schema(kind, entry["name"]), file, where)


def check_milestones(schedule: dict[str, Any], steps: int, file: str, where: str) -> None:
    """Check that the milestones of a schedule increase and lie within its steps."""
    milestones = schedule.get("milestones", [0])
    milestones = milestones if isinstance(milestones, list) else [milestones]
    if milestones != sorted(milestones):
        raise UserError(f"{file}: {where}.milestones is {milestones}; allowed: in increasing order")
    if max(milestones) >= steps:
        raise UserError(
            f"{file}: {where}.milestones is {milestones}; allowed: steps below the last, {steps}"
        )


def _check_steps(steps: int, intervention: dict[str, Any], file: str, where: str) -> None:
    if (start := intervention["step"]) >= steps:
        raise UserError(
            f"{file}: {where}.step is {start}; allowed: below {steps}, the value of steps"
        )
    if not start < (until := intervention.get("until", steps)) <= steps:
        raise UserError(
            f"{file}: {where}.until is {until}; "
            f"allowed: above {start} and at most {steps}, the value of steps"
        )
    if "until" in intervention and intervention.keys() <= ENDLESS:
        raise UserError(f"{file}: {where}.until is {until}; allowed: none, because nothing lasts")


def _check_numbers(name: str, numbers: dict[str, Any], file: str, where: str) -> None:
    """Check that these are numeric parameters of the run's own optimizer."""
    rules = declared.parameters("optimizer", name)
    known = [key for key, rule in rules.items() if rule.get("type") == "number"]
    for key, value in numbers.items():
        if key not in known:
            raise UserError(
                f"{file}: {where}.optimizer.{key} is not a number of {name}; "
                f"allowed: {', '.join(known)}"
            )
        check(value, rules[key], file, f"{where}.optimizer.{key}")
