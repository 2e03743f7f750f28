"""Check a study's settings outside its grids. Each mistake is reported in one line."""

import ast
from typing import Any

from latephase.catalog import outside
from latephase.catalog.check_grids import check_data, check_grids
from latephase.catalog.check_interventions import check_entry
from latephase.catalog.check_parts import check_imports
from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.metrics.arguments import MEASURABLE
from latephase.metrics.families import FAMILIES, MORE_FAMILIES, OWN
from latephase.runs import declared, grid, packs, spec


def check_models(config: dict[str, Any]) -> None:
    """Check ``packs`` and ``speed``: the models exist, and the sides of packs can be batched."""
    known = declared.names("model")
    for key, model in [(name, of) for name in ("packs", "speed") for of in config[name]]:
        if model not in known:
            line = f"config: {key}.{model} is not a model"
            raise UserError(f"{line}; allowed: {', '.join(known)}")
    for model, devices in config["packs"].items():
        for device, block in devices.items():
            _check_sides(block, f"config: packs.{model}.{device}")


def _check_sides(block: dict[str, int], where: str) -> None:
    for path in block:
        if path not in packs.BATCHABLE:
            raise UserError(
                f"{where}.{path} is not a number in which the runs of a pack may differ; "
                f"allowed: {', '.join(packs.BATCHABLE)}"
            )


def check_setting(
    setting: dict, schema: dict[str, Any], datasets: dict[str, dict], file: str, key: str
) -> None:
    """Check what a study's schema cannot: runs, packs, metrics and margins."""
    if outside.is_outside(setting):
        check_data(setting["data"], datasets, file, f"{key}.data")
        check_entry("loss", setting["loss"], file, f"{key}.loss")
    else:
        check_grids(setting, schema, datasets, file, key)
    _check_sides(setting.get("pack", {}), f"{file}: {key}.pack")
    for path in setting.get("pack", {}):
        if path not in grid.axes(setting):
            raise UserError(
                f"{file}: {key}.pack.{path} is not an axis of the study; "
                f"allowed: {', '.join(grid.axes(setting))}"
            )
    for i, name in enumerate(setting.get("metrics", [])):
        check_metric(name, f"{file}: {key}.metrics[{i}]")
    if "margins" in setting:
        _check_margins(setting, datasets, file, f"{key}.margins")


def check_metric(name: str, where: str) -> None:
    """Check that a metric is a family of latephase, or a module with a function of that name."""
    if name in MORE_FAMILIES:
        return
    module = OWN / f"{name}.py"
    nodes = declared.tree(module).body if module.is_file() else []
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
    if name in (*FAMILIES, "history") or not functions:
        raise UserError(
            f"{where} is {name!r}; allowed: {', '.join(MORE_FAMILIES)}, or a function of that name "
            f"in latephase/metrics/own/{name}.py"
        )
    check_imports(f"latephase.metrics.own.{name}")
    columns = declared.literal(module, "COLUMNS")
    if columns is not None:
        form = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}}
        columns = list(columns) if isinstance(columns, tuple) else columns
        check(columns, form, f"latephase/metrics/own/{name}.py", "COLUMNS")
    arguments = functions[-1].args
    if arguments.posonlyargs or arguments.vararg or arguments.kwarg:
        raise UserError(
            f"latephase/metrics/own/{name}.py: {name} takes ({ast.unparse(arguments)}); "
            "allowed: arguments by name"
        )
    needed = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    needed += [argument for argument, default in pairs if default is None]
    for argument in needed:
        if argument.arg not in MEASURABLE:
            raise UserError(
                f"latephase/metrics/own/{name}.py: argument {argument.arg} of {name} is not known; "
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
        problem = f"{key}.runs is {margins['runs']}"
        raise UserError(f"{file}: {problem}; allowed: runs of one data set and one model")
    if max(margins["steps"]) > (steps := min(run["steps"] for run in runs)):
        raise UserError(f"{file}: {key}.steps is {margins['steps']}; allowed: at most {steps}")
    last = datasets[runs[0]["data"]["name"]]["classes"] - 1
    for i, pair in enumerate(margins["pairs"]):
        if max(pair) > last:
            raise UserError(f"{file}: {key}.pairs[{i}] is {pair}; allowed: classes 0 to {last}")
