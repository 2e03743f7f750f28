"""Runs that continue a checkpoint of other runs: what is stored for them, and how it is found."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from latephase.errors import UserError
from latephase.parts.parameter_rows import Layout
from latephase.runs.spec import Spec, run_id, runs_of
from latephase.storage import checkpoints
from latephase.training.state import State


class Rows(NamedTuple):
    """The state of runs at the step at which other runs fork from them."""

    params: Tensor  # [R, P]
    buffers: Tensor  # [R, B]
    moments: dict[str, Tensor]  # the optimizer's state, [R, ...] each; empty if it is reset


def keep(folder: Path, state: State, header: dict[str, Any]) -> None:
    """Store parameters and optimizer state beside a checkpoint, in the training's precision."""
    checkpoints.write(checkpoints.state_path(folder, state.step), state.tensors(), header)


def rows(folders: Sequence[Path], names: list[str], step: int, state: str, layout: Layout) -> Rows:
    """The rows of the runs with these ids at a step, from the folders of their packs' checkpoints.

    Raises UserError if no folder has one of the runs.
    """
    found: dict[str, Rows] = {}
    for folder in folders:
        path = _path(folder, step, state)
        tensors, header = checkpoints.read(path)
        packed = _kept(tensors) if state == "kept" else _of_checkpoint(tensors, layout)
        for i, run in enumerate(runs_of(header["pack"])):
            found[run_id(run)] = Rows(
                packed.params[i], packed.buffers[i], {n: t[i] for n, t in packed.moments.items()}
            )
    if missing := [name for name in names if name not in found]:
        raise UserError(
            f"--parents: no pack holds the run {missing[0]}, from which another forks; "
            "allowed: the checkpoints of the packs that hold it"
        )
    chosen = [found[name] for name in names]
    return Rows(
        torch.stack([one.params for one in chosen]),
        torch.stack([one.buffers for one in chosen]),
        {name: torch.stack([one.moments[name] for one in chosen]) for name in chosen[0].moments},
    )


def content(folder: Path, fork: Spec) -> str:
    """A digest of what runs that fork from a folder's runs would continue."""
    path = _path(folder, fork["step"], fork["state"])
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _path(folder: Path, step: int, state: str) -> Path:
    of = checkpoints.state_path if state == "kept" else checkpoints.step_path
    if not of(folder, step).is_file():
        raise UserError(f"{of(folder, step)}: no such file; remove {folder.parent} and run again")
    return of(folder, step)


def _kept(tensors: dict[str, Tensor]) -> Rows:
    moments = {name: t for name, t in tensors.items() if name not in ("params", "buffers")}
    return Rows(tensors["params"], tensors["buffers"], moments)


def _of_checkpoint(tensors: dict[str, Tensor], layout: Layout) -> Rows:
    """The rows of a checkpoint, whose tensors are stacked over runs, by name."""
    count = len(next(iter(tensors.values())))
    params, buffers = (
        torch.cat([tensors[name].reshape(count, -1) for name in shapes], 1)
        if shapes
        else torch.empty(count, 0)
        for shapes in (layout.shapes, layout.buffer_shapes)
    )
    return Rows(params, buffers, {})
