"""What a user can get wrong in the catalog, beyond what a schema sees: one line each."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latephase import grid, parts, spec
from latephase.errors import UserError
from latephase.families import FAMILIES, MORE_FAMILIES
from latephase.grid_checks import check_grids
from latephase.own_data import folder

if TYPE_CHECKING:
    from latephase.catalog import Catalog

MEASURABLE = (
    *("features", "labels", "logits", "inputs"),
    *("test_features", "test_labels", "test_logits", "test_inputs"),
    *("weight", "bias", "loss", "classes", "model", "parameters"),
)
"""What a metric of one's own may ask for, by the names of its arguments: scripts/extract_own.py."""


def check_packs(config: dict[str, Any]) -> None:
    """A side of a pack is of a model there is, along an axis that can be batched."""
    for model, devices in config["packs"].items():
        allowed = ", ".join(parts.names("model"))
        if model not in parts.names("model"):
            raise UserError(f"config: packs.{model} is not a model; allowed: {allowed}")
        for device, block in devices.items():
            _check_sides(block, f"config: packs.{model}.{device}")


def _check_sides(block: dict[str, int], where: str) -> None:
    for path in block:
        if path not in spec.BATCHABLE:
            raise UserError(
                f"{where}.{path} is not a number that a pack can hold several of; "
                f"allowed: {', '.join(spec.BATCHABLE)}"
            )


def check_references(catalog: "Catalog") -> None:
    """Every study, script and statistic that is named must exist."""
    known = f"allowed: {', '.join(sorted(catalog.studies))}"
    for where, entry in _of_papers(catalog):
        if entry.get("paper", "atlas") not in catalog.papers:
            allowed = ", ".join(catalog.papers)
            raise UserError(f"{where} is {entry['paper']!r}; allowed: {allowed}")
    for kind, entries in shown(catalog).items():
        for name, entry in entries.items():
            _check_shown(catalog, kind, name, entry)
    ids = set()
    for claim in catalog.claims:
        if claim["id"] in ids:
            raise UserError(f"catalog/claims.yaml: id {claim['id']!r} stands twice; allowed: once")
        ids.add(claim["id"])
        if claim["study"] not in catalog.studies:
            raise UserError(
                f"catalog/claims.yaml: {claim['id']}.study is {claim['study']!r}; {known}"
            )
        _check_statistic(claim)
    if catalog.config["figures"] != "all":
        for name in catalog.config["figures"]:
            if name not in catalog.figures:
                allowed = ", ".join(catalog.figures)
                raise UserError(f"config: figures names {name!r}; allowed: all, {allowed}")
            _check_there(catalog, name)


def _check_there(catalog: "Catalog", name: str) -> None:
    """The data of a figure that is asked for by its name can be had."""
    figure, scale = catalog.figures[name], catalog.config["scale"]
    for study in [figure["study"], *figure.get("beside", [])]:
        if scale in catalog.studies[study]["scales"]:
            for missing in catalog.lacking(study, scale):
                folder(catalog.config, missing)


def shown(catalog: "Catalog") -> dict[str, dict[str, dict]]:
    """What programs show of studies, by the name of its file and of its folder of scripts."""
    return {"figures": catalog.figures, "tables": catalog.tables}


def _check_shown(catalog: "Catalog", kind: str, name: str, entry: dict[str, Any]) -> None:
    """A figure or a table: its studies, its program and options, and what it is given."""
    file = f"catalog/{kind}.yaml"
    for key, studies in (("study", [entry["study"]]), ("beside", entry.get("beside", []))):
        for study in studies:
            if study not in catalog.studies:
                allowed = ", ".join(sorted(catalog.studies))
                raise UserError(f"{file}: {name}.{key} is {study!r}; allowed: {allowed}")
        for scale in catalog.studies[entry["study"]]["scales"] if kind == "tables" else ():
            for study in studies:
                if scale not in catalog.studies[study]["scales"]:
                    raise UserError(
                        f"{file}: {name}.{key} is {study!r}, which has no scale {scale!r}; "
                        f"allowed: studies with the scales of {entry['study']}"
                    )
    if ("beside" in entry) != ("beside" in entry["tables"]):
        raise UserError(f"{file}: {name}.beside and beside among its tables go together")
    script = parts.PACKAGE.parent / "scripts" / kind / f"{entry.get('script', name)}.py"
    if not script.is_file():
        found = sorted(path.stem for path in script.parent.glob("[a-z]*.py"))
        raise UserError(
            f"{file}: {name} has no script scripts/{kind}/{script.name}; "
            f"allowed: {', '.join(found)}"
        )
    _check_arguments(catalog, f"{file}: {name}.arguments", entry, script)
    if "published" in entry["tables"]:
        published = f"catalog/published/{entry.get('published', name)}.csv"
        if not (parts.PACKAGE.parent / published).is_file():
            raise UserError(f"{file}: {name}.tables: there is no {published}")
    if "margins" in entry["tables"]:
        for scale, setting in catalog.studies[entry["study"]]["scales"].items():
            if "margins" not in setting:
                raise UserError(
                    f"catalog/studies/{entry['study']}.yaml: scales.{scale}.margins is "
                    f"missing; figure {name} draws them"
                )


def _of_papers(catalog: "Catalog") -> Iterator[tuple[str, dict[str, Any]]]:
    """Whatever names a paper, and where it does."""
    for name, study in catalog.studies.items():
        yield f"catalog/studies/{name}.yaml: paper", study
    for kind, entries in shown(catalog).items():
        for name, entry in entries.items():
            yield f"catalog/{kind}.yaml: {name}.paper", entry
    for claim in catalog.claims:
        yield f"catalog/claims.yaml: {claim['id']}.paper", claim


def _check_arguments(catalog: "Catalog", key: str, entry: dict[str, Any], script: Path) -> None:
    """Arguments are options of their script; one named like an axis is a value on it."""
    options = set(re.findall(r"add_argument\(\s*\"--([\w-]+)\"", script.read_text()))
    scales = entry.get("arguments", {})
    both = list(catalog.studies[entry["study"]]["scales"]) if "both" in scales else []
    for own, scale in [
        *((own, own) for own in scales if own != "both"),
        *(("both", s) for s in both),
    ]:
        where = f"{key}.{own}"
        axes = grid.axes(catalog.setting(entry["study"], scale))
        for option, value in scales[own].items():
            if option not in options:
                allowed = ", ".join(sorted(options)) or "none, its script takes none"
                raise UserError(f"{where}.{option} is not an option; allowed: {allowed}")
            for path, values in axes.items():
                if path.rpartition(".")[2] == option.replace("-", "_") and value not in values:
                    allowed = ", ".join(map(str, values))
                    raise UserError(f"{where}.{option} is {value!r}; allowed: {allowed}")


def _check_statistic(claim: dict[str, Any]) -> None:
    """A claim's statistic is a function of its paper's module, called with all its arguments."""
    module = parts.PACKAGE / "claims" / f"{claim['paper']}.py"
    nodes = ast.parse(module.read_text()).body if module.is_file() else []
    known = {
        node.name: {argument.arg for argument in node.args.args[1:] + node.args.kwonlyargs}
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and [argument.arg for argument in node.args.args[:1]] == ["table"]
    }
    where, statistic = f"catalog/claims.yaml: {claim['id']}", claim["statistic"]
    if statistic not in known:
        allowed = ", ".join(known) or f"none of {claim['paper']}"
        raise UserError(f"{where}.statistic is {statistic!r}; allowed: {allowed}")
    if set(claim["arguments"]) != known[statistic]:
        given = ", ".join(sorted(claim["arguments"])) or "none"
        allowed = ", ".join(sorted(known[statistic])) or "none"
        raise UserError(f"{where}.arguments are {given}; allowed: {allowed}, all of them")


def check_setting(
    setting: dict, schema: dict[str, Any], datasets: dict[str, dict], file: str, key: str
) -> None:
    """Check what the schema of a study cannot: every run of its grids, packs, metrics, margins."""
    check_grids(setting, schema, datasets, file, key)
    _check_sides(setting.get("pack", {}), f"{file}: {key}.pack")
    for path in setting.get("pack", {}):
        if path not in grid.axes(setting):
            raise UserError(
                f"{file}: {key}.pack.{path} is not an axis of the study; "
                f"allowed: {', '.join(grid.axes(setting))}"
            )
    for i, name in enumerate(setting.get("metrics", [])):
        _check_metric(name, f"{file}: {key}.metrics[{i}]")
    if "margins" in setting:
        _check_margins(setting, datasets, file, f"{key}.margins")


def _check_metric(name: str, where: str) -> None:
    """A metric is a family of ours, or a module of metrics with a function of its name."""
    if name in MORE_FAMILIES:
        return
    module = parts.PACKAGE / "metrics" / f"{name}.py"
    try:
        nodes = ast.parse(module.read_text()).body if module.is_file() else []
    except SyntaxError as error:
        raise UserError(
            f"latephase/metrics/{name}.py: cannot be read at line {error.lineno} ({error.msg})"
        ) from None
    found = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
    if name in (*FAMILIES, "history") or not found:
        raise UserError(
            f"{where} is {name!r}; allowed: {', '.join(MORE_FAMILIES)}, or a function of that name "
            f"in latephase/metrics/{name}.py"
        )
    arguments = found[0].args
    needed = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    needed += [argument for argument, default in pairs if default is None]
    for argument in needed:
        if argument.arg not in MEASURABLE:
            raise UserError(
                f"latephase/metrics/{name}.py: argument {argument.arg} of {name} is not known; "
                f"allowed: {', '.join(MEASURABLE)}"
            )


def _check_margins(setting: dict, datasets: dict[str, dict], file: str, key: str) -> None:
    axes, margins = grid.axes(setting), setting["margins"]
    for path, value in margins["runs"].items():
        if value not in axes.get(path, []):
            allowed = ", ".join(map(str, axes.get(path, ["an axis of the grid"])))
            raise UserError(f"{file}: {key}.runs.{path} is {value!r}; allowed: {allowed}")
    runs = grid.specs(setting, margins["runs"])
    if not runs:
        raise UserError(f"{file}: {key}.runs is {margins['runs']}; allowed: values of one grid")
    alike = {spec.canonical([run["data"], run["model"] | {"init_scale": None}]) for run in runs}
    if len(alike) > 1:
        told = f"{key}.runs is {margins['runs']}"
        raise UserError(f"{file}: {told}; allowed: runs of one data set and one model")
    if max(margins["steps"]) > (steps := min(run["steps"] for run in runs)):
        raise UserError(f"{file}: {key}.steps is {margins['steps']}; allowed: at most {steps}")
    last = datasets[runs[0]["data"]["name"]]["classes"] - 1
    for i, pair in enumerate(margins["pairs"]):
        if max(pair) > last:
            raise UserError(f"{file}: {key}.pairs[{i}] is {pair}; allowed: classes 0 to {last}")
