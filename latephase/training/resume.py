"""The state of a training: its content, how it is saved, and how a training continues from it."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from latephase.datasets.stored import Data
from latephase.errors import UserError
from latephase.runs import code_digest, parts
from latephase.runs.spec import Spec, digest
from latephase.storage import checkpoints
from latephase.training import forks
from latephase.training.state import State

log = logging.getLogger(__name__)


def origin(pack: Spec, data: Data, parents: Sequence[Path] = ()) -> str:
    """A digest of everything that decides how a training goes: pack, data, torch and the code.

    It also includes the checkpoints of ``parents`` at the step at which the pack's runs fork from
    them.
    """
    root = code_digest.ROOT
    modules = ("latephase.training.trainer", *parts.modules(pack["common"]))
    made = [pack, data.header, torch.__version__, code_digest.program(modules, root)]
    return digest(made + [forks.content(folder, pack["common"]["fork"]) for folder in parents])


def save_state(scratch: Path, state: State, made_of: str) -> None:
    """Save a state beside the previous one, and delete older ones."""
    header = {
        "origin": made_of,
        "step": state.step,
        "at": state.at,
        "history": state.history,
        "wall_seconds": state.wall_seconds,
    }
    checkpoints.write(scratch / f"state_{state.step:09d}.safetensors", state.tensors(), header)
    for path in sorted(scratch.glob("state_*.safetensors"))[:-2]:
        path.unlink()


def _whole_checkpoints(folder: Path) -> set[int]:
    """The steps whose checkpoint is undamaged. Others are deleted, with a line in the log."""
    steps = set()
    for step, path in checkpoints.steps_in(folder):
        kept = checkpoints.state_path(folder, step)
        try:
            checkpoints.read(path)
            if kept.exists():
                checkpoints.read(kept)
        except checkpoints.Damaged as error:
            log.warning("%s", error)
            path.unlink()
            kept.unlink(missing_ok=True)
        else:
            steps.add(step)
    return steps


def resume(scratch: Path, device: str, made_of: str) -> State | None:
    """The newest saved state from which the training can continue; None if there is none.

    A state is deleted if it cannot be read, if other code or data made it, or if its checkpoints
    are gone. The last happens if a training is killed after the renaming and before the scratch
    folder is removed.
    """
    saved = _whole_checkpoints(scratch / "checkpoints")
    for path in sorted(scratch.glob("state_*.safetensors"), reverse=True):
        try:
            return _state(path, device, made_of, saved)
        except (UserError, OSError) as error:
            log.warning("ignored: %s", error)
            path.unlink()
    shutil.rmtree(scratch / "checkpoints", ignore_errors=True)
    (scratch / "checkpoints").mkdir(parents=True)
    return None


def _state(path: Path, device: str, made_of: str, saved: set[int]) -> State:
    """The state in a file. Raises UserError if no training can continue from it."""
    tensors, header = checkpoints.read(path, device)
    if header.get("origin") != made_of:
        raise UserError(f"{path}: made by other code or from other data")
    if not {row["step"] for row in header["history"]} <= saved:
        raise UserError(f"{path}: checkpoints before it are gone or damaged")
    return State(
        header["step"],
        header["at"],
        tensors.pop("params"),
        tensors.pop("buffers"),
        tensors,
        header["history"],
        header["wall_seconds"],
    )
