"""A run's settings at each of its steps: its spec as its interventions change it.

An intervention is an entry of a spec's ``interventions``. It holds from its ``step`` to the step
``until``, or to the end. It may give the optimizer new numbers. A schedule, a regulariser, a
temperature or a bound of the head's norm replaces the present one, or ends it if it is null.
``scale_weights_to`` is applied once, before the step. If two interventions hold at a step, the
later one in the list decides.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from latephase.runs.spec import Spec, first_step

REPLACED = ("schedule", "regularizer", "temperature", "max_head_norm")
"""Keys of an intervention whose values replace the present ones, or end them if they are null."""


@dataclass(frozen=True)
class Stage:
    """A range of steps in which a run has the same settings."""

    start: int
    stop: int
    settings: Spec
    """The run's spec in this range, without interventions."""
    scheduled: tuple[int, int]
    """The steps between which the schedule counts."""
    scale_weights_to: float | None = None
    """The norm to which all weights are scaled before the first step."""


def stages(run: Spec) -> list[Stage]:
    """The stages of a run in order, from its first step to its last; one without interventions."""
    listed, first, steps = run.get("interventions", []), first_step(run), run["steps"]
    ends = {intervention.get("until", steps) for intervention in listed}
    bounds = sorted({first, steps, *ends, *(intervention["step"] for intervention in listed)})
    plain = {key: value for key, value in run.items() if key != "interventions"}
    found = []
    for start, stop in pairwise(bounds):
        settings, scheduled, norm = dict(plain), (first, steps), None
        for intervention in listed:
            if not intervention["step"] <= start < intervention.get("until", steps):
                continue
            settings |= _changed(settings, intervention)
            if "schedule" in intervention:
                scheduled = intervention["step"], intervention.get("until", steps)
            if intervention["step"] == start:
                norm = intervention.get("scale_weights_to", norm)
        settings = {key: value for key, value in settings.items() if value is not None}
        found.append(Stage(start, stop, settings, scheduled, norm))
    return found


def _changed(settings: Spec, intervention: dict[str, Any]) -> Spec:
    """The settings that an intervention sets."""
    changed = {key: intervention[key] for key in REPLACED if key in intervention}
    if "optimizer" in intervention:
        changed["optimizer"] = settings["optimizer"] | intervention["optimizer"]
    return changed
