"""A temporary study: a file outside the catalog, with a figure that draws it.

The configuration names the file under ``explored``, which ``scripts.explore`` sets. While it is
named, its study counts as one of the user's own.
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

    ``schema`` and ``name`` are the schemas of a study and of its name. Raises UserError if the file
    does not exist, its name is taken, or it does not contain a study.
    """
    if config.get("explored") is None:
        return
    file = config["explored"]
    path = root / file
    # Unlike Path.is_file, this returns False for a path that is not possible.
    if not os.path.isfile(path):  # noqa: PTH113
        raise UserError(f"config: explored is {file!r}; allowed: a file that exists")
    check(path.stem, name, "config", f"the name of {file}")
    for known in (catalog.studies, catalog.figures):
        if path.stem in known:
            raise UserError(f"config: explored is {file!r}; allowed: a name that no study has")
    study = read_yaml(path, file)
    check(study, schema, file)
    # The study is added last, so that packs that it shares with others stay theirs.
    last = {"added": "9999-12-31"}
    catalog.studies[path.stem] = {"paper": PAPER, "file": file} | study | last


def draw(catalog: Catalog, config: dict[str, Any]) -> None:
    """Add a figure that draws the study, when all settings are complete and checked."""
    if config.get("explored") is not None:
        name = Path(config["explored"]).stem
        catalog.figures[name] = {"paper": PAPER} | figure(name, catalog.studies[name])


def figure(name: str, study: dict[str, Any]) -> dict[str, Any]:
    """The entry of a figure that draws a study over time, with a line for each varied value."""
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
