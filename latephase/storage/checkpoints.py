"""Checkpoints on disk: one safetensors file a step, each tensor stacked over the pack's runs."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from latephase.errors import UserError
from latephase.writing import replacing


class Damaged(UserError):
    """A checkpoint that is not what was written."""


def step_path(folder: Path, step: int) -> Path:
    """The file of one step."""
    return folder / f"step_{step:09d}.safetensors"


def steps_in(folder: Path) -> list[tuple[int, Path]]:
    """The checkpoints in a folder, in the order of their steps."""
    return [(int(path.stem[5:]), path) for path in sorted(folder.glob("step_*.safetensors"))]


def write(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a header of JSON types, atomically, with a sum of both."""
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    told = {"header": header, "sha256": _sum(header, save(tensors))}
    # One key: of several, safetensors writes now this one first, now that.
    metadata = {"latephase": json.dumps(told, sort_keys=True)}
    # Not save_file: it makes files that only their owner may read.
    with replacing(path) as part:
        part.write_bytes(save(tensors, metadata))


def read(path: Path, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and header of a file that :func:`write` made.

    Raises :class:`Damaged` where the file is truncated, altered, or not of that format.
    """
    content = path.read_bytes()
    try:
        told = json.loads(json.loads(_head(content))["__metadata__"]["latephase"])
        header, expected = told["header"], told["sha256"]
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Damaged(f"{path}: not a whole checkpoint; remove it and run again") from error
    if _sum(header, content) != expected:
        raise Damaged(f"{path}: not what was written there; remove it and run again")
    return {name: tensor.to(device) for name, tensor in tensors.items()}, header


def _head(content: bytes) -> bytes:
    """The JSON that a safetensors file begins with, after its length."""
    return content[8 : 8 + int.from_bytes(content[:8], "little")]


def _sum(header: dict[str, Any], content: bytes) -> str:
    """sha256 of a header and of the tensors of a safetensors file."""
    total = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    total.update(memoryview(content)[8 + len(_head(content)) :])
    return total.hexdigest()


def runs(path: Path, device: str = "cpu") -> Iterator[dict[str, Tensor]]:
    """The tensors of each run of a checkpoint, in the order of the pack's run axis."""
    tensors, _ = read(path, device)
    for index in range(len(next(iter(tensors.values())))):
        yield {name: tensor[index] for name, tensor in tensors.items()}
