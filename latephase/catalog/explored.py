"""A study of one moment: a file outside the catalog, with the figure that draws it.

The configuration names it under ``explored``, as ``scripts.explore`` does. As long as it is named,
its study is one of the user's own.
"""

from pathlib import Path
from typing import Any

from latephase.catalog.check_schema import check
from latephase.catalog.entries import Catalog
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
    """Add the study that the configuration names, and a figure of its name.

    ``schema`` and ``name`` are the schemas of a study and of its name. Raises UserError where there
    is no such file, where its name is taken, or where it is no study.
    """
    if config.get("explored") is None:
        return
    file = config["explored"]
    path = root / file
    if not path.is_file():
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
    catalog.figures[path.stem] = {"paper": PAPER} | figure(path.stem, study)


def figure(name: str, study: dict[str, Any]) -> dict[str, Any]:
    """The entry of a figure that draws a study over time, a line for each of what it varies."""
    (setting,) = study["scales"].values()
    axes = {axis for member in grid.members(setting) for axis, values in member["grid"].items()
            if len(values) > 1}  # fmt: skip
    by = sorted(axes - {"seed"}) or ["optimizer.weight_decay"]
    arguments = {"by": by[:2], "metrics": METRICS, "dashed": DASHED}
    return {
        "title": study["title"],
        "study": name,
        "script": "over_time",
        "files": ["data"],
        "arguments": {"both": arguments},
    }
