"""The runs of a study: a template, a grid of axes, and defaults filled in.

Apart from the catalog, so that a program that only needs to know a study's runs does not depend
on how the catalog is checked.
"""

from typing import Any

from latephase import parts, spec
from latephase.spec import Spec

NOT_OF_A_RUN = ("grid", "margins", "metrics")
"""Keys of a setting that are about the study, not part of its runs' specs."""


def template(setting: dict[str, Any]) -> Spec:
    """What is common to a setting's runs, before the grid's values are put in."""
    return {key: value for key, value in setting.items() if key not in NOT_OF_A_RUN}


def specs(setting: dict[str, Any], only: dict[str, Any] | None = None) -> list[Spec]:
    """The full specs of a checked setting's runs, in the order of its grid.

    ``only`` keeps the runs with these values on the axes it names.
    """
    axes = setting["grid"] | {path: [value] for path, value in (only or {}).items()}
    common = template(setting)
    return [resolved(spec.replaced(common, values)) for _, values in spec.grid_points(axes)]


def resolved(run: Spec) -> Spec:
    """A run's spec with every default filled in and every number of one type."""
    filled = dict(run)
    for kind in (kind for kind in parts.KINDS if kind in run):
        entry = {"name": run[kind]["name"]}
        for name, rule in parts.parameters(kind, entry["name"]).items():
            value = run[kind].get(name, rule.get("default"))
            entry[name] = float(value) if rule.get("type") == "number" else value
        filled[kind] = entry
    filled["data"] = {
        name: _floats(value) if name in ("mean", "std") else value
        for name, value in run["data"].items()
    }
    return filled


def _floats(value: float | list[float]) -> float | list[float]:
    return [float(number) for number in value] if isinstance(value, list) else float(value)
