"""A study of one moment: a file outside the catalog, with the figure that draws it.

The configuration names it under ``explored``, as ``scripts.explore`` does. As long as it is named,
its study is one of the user's own.
"""

import os
from pathlib import Path
from typing import Any

from latephase.catalog.check_schema import check
from latephase.catalog.entries import Catalog
from latephase.catalog.outside import is_outside
from latephase.catalog.strict_yaml import read_yaml
from latephase.errors import UserError
from latephase.runs import grid

PAPER = "own"
METRICS = ["accuracy_test", "rnc1", "nc0_normalized", "relative_flatness"]
DASHED = {"accuracy_test": "accuracy_train"}


def add(
    catalog: Catalog,
    config: dict[str, Any],
    root: Path,
    schema: dict[str, Any],
    name: dict[str, Any],
) -> None:
    """Add the study that the configuration names.

    ``schema`` and ``name`` are the schemas of a study and of its name. Raises UserError where there
    is no such file, where its name is taken, or where it is no study.
    """
    if config.get("explored") is None:
        return
    file = config["explored"]
    path = root / file
    # Unlike the method, this is false as well where a path cannot be.
    if not os.path.isfile(path):  # noqa: PTH113
        raise UserError(f"config: explored is {file!r}; allowed: a file that exists")
    check(path.stem, name, "config", f"the name of {file}")
    for known in (catalog.studies, catalog.figures):
        if path.stem in known:
            raise UserError(f"config: explored is {file!r}; allowed: a name that no study has")
    study = read_yaml(path, file)
    check(study, schema, file)
    # After all others, so that packs that they have too stay theirs.
    last = {"added": "9999-12-31"}
    catalog.studies[path.stem] = {"paper": PAPER, "file": file} | study | last


def draw(catalog: Catalog, config: dict[str, Any]) -> None:
    """Add a figure of its name, when the settings of all studies are whole and checked."""
    if config.get("explored") is not None:
        name = Path(config["explored"]).stem
        catalog.figures[name] = {"paper": PAPER} | figure(name, catalog.studies[name])


def figure(name: str, study: dict[str, Any]) -> dict[str, Any]:
    """The entry of a figure that draws a study over time, a line for each of what it varies."""
    return {
        "title": study["title"],
        "study": name,
        "script": "over_time",
        "files": ["data"],
        "arguments": {scale: _arguments(setting) for scale, setting in study["scales"].items()},
    }


def _arguments(setting: dict[str, Any]) -> dict[str, Any]:
    axes = {axis for member in grid.members(setting) for axis, values in member["grid"].items()
            if len(values) > 1}  # fmt: skip
    alone = "seed" if is_outside(setting) else "optimizer.weight_decay"
    by = sorted(axes - {"seed"}) or [alone]
    return {"by": by[:2], "metrics": METRICS, "dashed": DASHED}
