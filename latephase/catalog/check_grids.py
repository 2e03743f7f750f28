"""Check the grids of a study. Each mistake is reported in one line that names its place."""

import math
import re
from dataclasses import dataclass
from typing import Any

from latephase.catalog.check_interventions import (
    check_entry,
    check_interventions,
    check_milestones,
)
from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.runs import declared, grid, parts, spec
from latephase.runs.spec import Spec

MOST = 100_000
"""The largest number of runs of a grid, and of checkpoints of a run."""


def check_grids(
    setting: dict, schema: dict[str, Any], datasets: dict[str, dict], file: str, key: str
) -> None:
    """Check every run of a setting's grids. ``key`` is the setting's dotted name in the file."""
    for i, member in enumerate(grid.members(setting)):
        entry = setting["grids"][i] if "grids" in setting else None
        _check_grid(Origin(file, key, member, entry, i), schema, datasets)


@dataclass(frozen=True)
class Origin:
    """The origin of the values of one of a study's grids."""

    file: str
    key: str
    member: dict[str, Any]
    """The grid as a setting of its own."""
    entry: dict[str, Any] | None
    """The keys of its entry in ``grids``; None if the study has only one grid."""
    number: int

    @property
    def here(self) -> str:
        return f"{self.key}.grids[{self.number}]"

    def place(self, path: str) -> str:
        """The place of a value: beside ``grids`` if it is set only there, else in the entry."""
        beside = self.entry is None or (
            grid.has(self.member, path) and not grid.has(self.entry, path)
        )
        return f"{self.key if beside else self.here}.{path}"

    def axis(self, path: str) -> str:
        """The place of an axis."""
        own = self.entry is not None and path in self.entry.get("grid", {})
        return f"{self.here if own else self.key}.grid.{path}"

    def error(self, problem: UserError, cell: dict[str, int]) -> UserError:
        """An error with its place in this file. One about another file is not changed."""
        line = str(problem)
        return UserError(self.placed(line, cell)) if line.startswith(self.file) else problem

    def placed(self, line: str, cell: dict[str, int]) -> str:
        """A line about ``key.path``, with the place of that value in the file.

        ``cell`` gives the index along each axis of the grid.
        """
        for path, i in cell.items():
            named = re.escape(f"{self.key}.{path}") + r"(?=[ .\[])"
            line, count = re.subn(named, f"{self.axis(path)}[{i}]", line, count=1)
            if count:
                return self.with_entry(line)
        start = f"{self.file}: {self.key}."
        path = re.match(r"[\w.]+", line.removeprefix(start))[0]
        return self.with_entry(f"{self.file}: {self.place(path)}{line[len(start) + len(path) :]}")

    def with_entry(self, line: str) -> str:
        """Add for which entry of ``grids`` a value beside them is wrong.

        Other entries may accept the value.
        """
        known = self.entry is None or self.here in line
        return line if known else f"{line} (for {self.here})"


def _check_grid(origin: Origin, schema: dict[str, Any], datasets: dict[str, dict]) -> None:
    file, key, member = origin.file, origin.key, origin.member
    for name, value in (origin.entry or {}).items():
        if name not in (allowed := [*_keys_of_runs(schema), "arm", "grid"]):
            line = f"{file}: {origin.here}.{name} is not a known key"
            raise UserError(f"{line}; allowed: {', '.join(sorted(allowed))}")
        if name == "arm":
            check(value, schema["$defs"]["arm"], file, f"{origin.here}.arm")
        # The entry may set a part of a part only: the rest may stand beside ``grids``.
        if name in ("data", *parts.KINDS):
            check(value, {"type": "object"}, file, f"{origin.here}.{name}")
    try:
        check(member, schema["$defs"]["whole"], file, key)
    except UserError as error:
        raise origin.error(error, {}) from None
    template, axes = grid.template(member), member["grid"]
    for path in axes:
        parent = path.rpartition(".")[0]
        if parent and not (
            grid.has(template, parent) and isinstance(spec.lookup(template, parent), dict)
        ):
            line = f"{file}: {origin.axis(path)} is not a known key; allowed: keys of a run"
            raise UserError(origin.with_entry(line))
        # An axis replaces the template's value. A value of the entry itself must not be lost so.
        if grid.has(template, path) and (path == "seed" or grid.has(origin.entry, path)):
            raise UserError(
                f"{file}: {origin.place(path)} is {spec.lookup(template, path)!r}; "
                f"allowed: {path} in one place, here or in the grid"
            )
    if (runs := math.prod(map(len, axes.values()))) > MOST:
        line = f"{file}: {origin.place('grid')} has {runs:,} runs; allowed: at most {MOST:,}"
        raise UserError(origin.with_entry(line))
    known: set[str] = set()
    for index, values in grid.points(axes):
        try:
            _check_run(spec.replaced(template, values), schema, datasets, file, key, known)
        except UserError as error:
            raise origin.error(error, dict(zip(axes, index, strict=True))) from None


def _keys_of_runs(schema: dict[str, Any]) -> list[str]:
    entries = schema["$defs"]["setting"]["properties"]
    return sorted(name for name in entries if name not in grid.NOT_OF_A_RUN)


def _check_run(
    run: Spec,
    schema: dict[str, Any],
    datasets: dict[str, dict],
    file: str,
    key: str,
    known: set[str],
) -> None:
    """Check one run of a grid. ``known`` collects the entries that are known to be correct."""
    entries = schema["$defs"]["setting"]["properties"]
    for name, value in run.items():
        if (mark := repr((name, value))) in known:
            continue
        if name not in (allowed := _keys_of_runs(schema)):
            allowed = ", ".join(allowed)
            raise UserError(f"{file}: {key}.{name} is not a known key; allowed: {allowed}")
        check(value, {"$defs": schema["$defs"], **entries[name]}, file, f"{key}.{name}")
        if name in parts.KINDS:
            check_entry(name, value, file, f"{key}.{name}")
        known.add(mark)
    if "seed" not in run:
        raise UserError(f"{file}: {key}.grid.seed is missing; it must be given")
    check_data(run["data"], datasets, file, f"{key}.data")
    name = run["data"]["name"]
    if run["batch_size"] > (size := run["data"].get("train_size", datasets[name]["train"])):
        raise UserError(
            f"{file}: {key}.batch_size is {run['batch_size']}; "
            f"allowed: at most the training set's size, {size}"
        )
    model = run["model"]
    normalised = declared.batch_norm(model["name"]) and model.get("batch_norm", True)
    if normalised and size % run["batch_size"] == 1:
        raise UserError(
            f"{file}: {key}.batch_size is {run['batch_size']}, which leaves a batch of one of "
            f"{size} samples; allowed for {model['name']}, which normalises over the batch: "
            "a size that leaves no such batch"
        )
    if (mark := repr((run["data"], run["model"]))) not in known:
        _check_inputs(run, datasets[name], file, key)
        known.add(mark)
    check_milestones(run.get("schedule", {}), run["steps"], file, f"{key}.schedule")
    check_interventions(run, file, key)
    _check_checkpoints(run, file, key)


def check_data(data: dict, datasets: dict[str, dict], file: str, key: str) -> None:
    """Check that the data set of a run exists, and that the run's options fit it."""
    name = data["name"]
    if name not in datasets:
        raise UserError(
            f"{file}: {key}.name is {name!r}; allowed: {', '.join(sorted(datasets))}, "
            "or one named under npz, folders or texts in config.yaml"
        )
    shape = datasets[name]["shape"]
    for option in ("mean", "std", "resize") if len(shape) == 1 else ():
        if option in data:
            raise UserError(
                f"{file}: {key}.{option} is {data[option]!r}; "
                f"allowed: none, because the inputs of {name} are integers"
            )
    channels = shape[0]
    for statistic in ("mean", "std"):
        value = data.get(statistic)
        if isinstance(value, list) and len(value) not in (1, channels):
            raise UserError(
                f"{file}: {key}.{statistic} is {value}; "
                f"allowed: a number, or a list of {channels} ({name})"
            )
    for split in ("train", "test"):
        size, limit = data.get(f"{split}_size", 1), datasets[name][split]
        if size > limit:
            raise UserError(
                f"{file}: {key}.{split}_size is {size}; allowed: at most {limit} ({name})"
            )


def _check_checkpoints(run: Spec, file: str, key: str) -> None:
    """Check that the bounds of ``every`` increase, and that no checkpoint is after the last step.

    Also check the number of checkpoints.
    """
    every = run["checkpoints"].get("every", [])
    bounds = [until for until, _ in every]
    if bounds != sorted(set(bounds)) or max(bounds, default=0) > run["steps"]:
        raise UserError(
            f"{file}: {key}.checkpoints.every has bounds {bounds}; "
            f"allowed: each above the last, to {run['steps']}, the value of steps"
        )
    states = run["checkpoints"].get("states", [])
    if max(states, default=0) > run["steps"]:
        raise UserError(
            f"{file}: {key}.checkpoints.states is {states}; "
            f"allowed: at most {run['steps']}, the value of steps"
        )
    pairs = zip([0, *bounds], every, strict=False)
    if (count := sum((until - start) // stride for start, (until, stride) in pairs)) > MOST:
        raise UserError(
            f"{file}: {key}.checkpoints.every makes {count:,} checkpoints; "
            f"allowed: at most {MOST:,}"
        )


def _check_inputs(run: Spec, dataset: dict[str, Any], file: str, key: str) -> None:
    """Check that the model accepts the kind, size and number of the inputs."""
    data, model = run["data"], run["model"]
    kind = "integers" if len(dataset["shape"]) == 1 else "images"
    if kind not in declared.inputs(model["name"]):
        takers = [name for name in declared.names("model") if kind in declared.inputs(name)]
        raise UserError(
            f"{file}: {key}.model.name is {model['name']}; allowed: a model that takes {kind}, "
            f"as {data['name']} has them: {', '.join(takers)}"
        )
    if kind == "integers" and "augmentation" in run:
        raise UserError(
            f"{file}: {key}.augmentation is {run['augmentation']['name']}; "
            f"allowed: none, because the inputs of {data['name']} are integers"
        )
    positions = model.get("positions", declared.default("model", model["name"], "positions"))
    if positions and (length := dataset["shape"][0]) > positions:
        raise UserError(
            f"{file}: {key}.model.positions is {positions}; allowed: at least {length}, the length "
            f"of the sequences of {data['name']}"
        )
    heads = model.get("heads", declared.default("model", model["name"], "heads"))
    if "width" in model and heads:
        check(model["width"], {"multipleOf": heads}, file, f"{key}.model.width")
    patch = model.get("patch", declared.default("model", model["name"], "patch") or 1)
    for side in dataset["shape"][1:]:
        side = data.get("resize", side)
        check(side, declared.side(model["name"]), file, f"{key}.model: the inputs' side")
        check(side, {"multipleOf": patch}, file, f"{key}.model: the inputs' side")
    for split in ("train", "test"):
        size = data.get(f"{split}_size", dataset[split])
        if model.get("samples", size) != size:
            raise UserError(
                f"{file}: {key}.model.samples is {model['samples']}; "
                f"allowed: the number of samples to {split}, {size}"
            )
