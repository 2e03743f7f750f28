"""Checkpoints on disk: one safetensors file a step, with tensors stacked over the pack's runs.

This module does not import torch. :func:`read` and :func:`write` do so when they are called.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from latephase.errors import UserError
from latephase.storage import checksum, safetensors_header
from latephase.storage.atomic import replacing

if TYPE_CHECKING:
    from torch import Tensor


class Damaged(UserError):
    """A checkpoint whose content is not what was written."""


def step_path(folder: Path, step: int) -> Path:
    """The file of one step."""
    return folder / f"step_{step:09d}.safetensors"


def state_path(folder: Path, step: int) -> Path:
    """The file of one step's parameters and optimizer state, in the precision of the training."""
    return folder / f"state_{step:09d}.safetensors"


def steps_in(folder: Path) -> list[tuple[int, Path]]:
    """The checkpoints in a folder, in the order of their steps."""
    return [(int(path.stem[5:]), path) for path in sorted(folder.glob("step_*.safetensors"))]


def write(path: Path, tensors: "dict[str, Tensor]", header: dict[str, Any]) -> None:
    """Write tensors and a header of JSON types, completely or not at all, with a checksum.

    The same tensors and header give the same bytes.
    """
    from safetensors.torch import save

    told = {"header": header, "checksum": checksum.SLOT}
    # There is only one key, because safetensors writes several in an order that varies.
    metadata = {"latephase": json.dumps(told, sort_keys=True)}
    content = save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata)
    _, start = safetensors_header.decoded(BytesIO(content))
    # save_file is not used, because only the owner can read the files that it makes.
    with replacing(path) as part, part.open("wb") as file:
        checksum.write_filled(file, content[:start], [memoryview(content)[start:]])


def read(path: Path, device: str = "cpu") -> "tuple[dict[str, Tensor], dict[str, Any]]":
    """The tensors and the header of a file that :func:`write` wrote.

    Raises :class:`Damaged` if the file is truncated, altered, or not in that format.
    """
    from safetensors.torch import load

    content = path.read_bytes()
    if not checksum.has_slot(content):
        raise Damaged(f"{path}: not a complete checkpoint; remove it and run again")
    if not checksum.holds(content):
        raise Damaged(f"{path}: its content is not what was written; remove it and run again")
    try:
        told, _ = safetensors_header.decoded(BytesIO(content))
        header = json.loads(told["__metadata__"]["latephase"])["header"]
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Damaged(f"{path}: not a complete checkpoint; remove it and run again") from error
    return {name: tensor.to(device) for name, tensor in tensors.items()}, header


def runs(path: Path, device: str = "cpu") -> "Iterator[dict[str, Tensor]]":
    """The tensors of each run of a checkpoint, in the order of the pack's run axis."""
    tensors, _ = read(path, device)
    for index in range(len(next(iter(tensors.values())))):
        yield {name: tensor[index] for name, tensor in tensors.items()}
