"""Read results/data/<dataset>.safetensors into the tensors a training or a metric takes."""

import json
import math
import mmap
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.nn.functional import interpolate

from latephase import sums
from latephase.datasets.streamed import Streamed
from latephase.errors import UserError

HELD_BYTES = 8 << 30
"""What a split's inputs, standardised, may take in memory; larger ones stay in their file."""
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Data:
    """A data set, standardised, on one device.

    train_inputs, test_inputs float32 [N, C, H, W], or streamed where they take more than
    ``HELD_BYTES``; train_labels, test_labels int64 [N] with
    values 0..classes-1; header: what the file says of itself (name, variant, source, sha256,
    classes, shape, scale; and sum, of the file itself).
    """

    train_inputs: Tensor | Streamed
    train_labels: Tensor
    test_inputs: Tensor | Streamed
    test_labels: Tensor
    classes: int
    header: dict

    def held(self, split: str) -> Tensor:
        """The inputs of "train" or "test". Raises UserError where they are streamed."""
        inputs = getattr(self, f"{split}_inputs")
        if isinstance(inputs, Streamed):
            raise UserError(
                f"data set {self.header['name']}: its {split} inputs take more than "
                f"{HELD_BYTES >> 30} GiB and stay in their file; allowed: metrics that do not ask "
                "for them, or fewer of them (train_size, test_size)"
            )
        return inputs


def load(
    path: str | os.PathLike,
    *,
    train_size: int | None = None,
    test_size: int | None = None,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    resize: int | None = None,
    device: str | torch.device = "cpu",
) -> Data:
    """The first ``train_size`` and ``test_size`` examples (None: all) in the order of the file.

    Inputs are (stored / scale - mean) / std, with mean (None: 0) and std (None: 1) a number or
    one number a channel; with ``resize`` the scaled images are first brought to that height and
    width, bilinearly as Pillow does, and the header's shape says so. The whole file is summed, and
    only the examples asked for are kept: held, or in the file (:mod:`latephase.datasets.streamed`)
    where they are large. Either way they are the same numbers. Raises UserError for a file that is
    altered or not of this kind and for sizes, means or deviations that do not fit it.
    """
    try:
        if not _whole(path):
            raise UserError(f"{path}: not what was written there; remove it and run again")
        # As NumPy's: torch would map the file so that the kernel must have room for all of it.
        with safe_open(path, framework="np") as file:
            header = _header(path, file.metadata())
            train = _first(path, file, "train", train_size)
            test = _first(path, file, "test", test_size)
        if not (_fit(header, train) and _fit(header, test)):
            raise _lies(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; scripts.prepare_data makes it") from None
    except SafetensorError as error:
        raise UserError(f"{path}: not a readable safetensors file ({error})") from None
    channels = header["shape"][0]
    shift = _per_channel(path, "mean", 0.0 if mean is None else mean, channels)
    spread = _per_channel(path, "std", 1.0 if std is None else std, channels)
    if not bool((spread > 0).all()):
        raise UserError(f"{Path(path).name}: data.std is {std}; allowed: numbers above 0")

    def standardise(inputs: Tensor) -> Tensor:
        # The division makes a new tensor: what is stored as floats must stay as it is.
        scaled = inputs.to(torch.float32) / header["scale"]
        if resize is not None:
            scaled = interpolate(scaled, (resize, resize), mode="bilinear", antialias=True)
        return scaled.sub_(shift.to(inputs.device)).div_(spread.to(inputs.device))

    shape = header["shape"] if resize is None else [channels, resize, resize]
    return Data(
        train_inputs=_inputs(path, train, shape, standardise, device),
        train_labels=train.labels.to(device),
        test_inputs=_inputs(path, test, shape, standardise, device),
        test_labels=test.labels.to(device),
        classes=header["classes"],
        header=header | ({"shape": shape} if resize is not None else {}),
    )


@dataclass(frozen=True)
class _Split:
    """The first examples of a split, as the file has them."""

    name: str
    size: int
    shape: list[int]
    """Of one input."""
    labels: Tensor


def _inputs(
    path: str | os.PathLike,
    split: _Split,
    shape: list[int],
    standardise: Callable[[Tensor], Tensor],
    device: str | torch.device,
) -> Tensor | Streamed:
    """A split's inputs, of this shape each: held on the device or, where large, streamed."""
    if split.size * math.prod(shape) * FLOAT_BYTES > HELD_BYTES:
        return Streamed(
            _mapped(path, f"{split.name}_inputs")[: split.size], standardise, shape, device
        )
    with safe_open(path, framework="np") as file:
        stored = torch.from_numpy(file.get_slice(f"{split.name}_inputs")[: split.size])
    # Moved before the conversion: a byte a value crosses to the device, not four.
    return standardise(stored.to(device))


def _mapped(path: str | os.PathLike, name: str) -> np.ndarray:
    """An array of a safetensors file that was found whole, as the file itself."""
    with Path(path).open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
    kind = {"U8": np.uint8, "F32": "<f4"}[entry["dtype"]]
    start = 8 + length + entry["data_offsets"][0]
    return np.memmap(path, kind, "r", start, tuple(entry["shape"]))


def _whole(path: str | os.PathLike) -> bool:
    """Whether a file is what was written, by the sum in it."""
    with Path(path).open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return False  # nothing to map
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return sums.holds(content)


def _header(path: str | os.PathLike, metadata: dict[str, str] | None) -> dict:
    if not metadata or "latephase" not in metadata:
        raise UserError(f"{path}: header key latephase is missing; scripts.prepare_data writes it")
    try:
        header = json.loads(metadata["latephase"])
        known = header["scale"] > 0 and header["classes"] > 0 and len(header["shape"]) == 3
    except (KeyError, TypeError, ValueError, RecursionError):
        known = False
    if not known:
        raise UserError(f"{path}: its header is not one of scripts.prepare_data; remove it")
    return header


def _lies(path: str | os.PathLike) -> UserError:
    return UserError(f"{path}: its arrays are not what its header says; remove it")


def _fit(header: dict, split: _Split) -> bool:
    """Whether inputs [N, C, H, W] and labels are of the header's shape and classes."""
    return (
        split.shape == header["shape"]
        and split.labels.dtype == torch.int64
        and split.labels.min().item() >= 0
        and split.labels.max().item() < header["classes"]
    )


def _first(path: str | os.PathLike, file, split: str, size: int | None) -> _Split:
    """The first ``size`` examples of a split; its inputs are not read yet."""
    inputs, labels = (file.get_slice(f"{split}_inputs"), file.get_slice(f"{split}_labels"))
    total = inputs.get_shape()[0]
    if size is None:
        size = total
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= total:
        raise UserError(
            f"{Path(path).name}: data.{split}_size is {size!r}; allowed: 1..{total} or null for all"
        )
    if labels.get_shape() != [total]:
        raise _lies(path)
    return _Split(split, size, inputs.get_shape()[1:], torch.from_numpy(labels[:size]))


def _per_channel(
    path: str | os.PathLike, key: str, value: float | Sequence[float], channels: int
) -> Tensor:
    """``value`` as a float32 tensor [C, 1, 1] or [1, 1, 1]."""
    numbers = [value] if isinstance(value, int | float) else list(value)
    known = all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
    if not known or len(numbers) not in (1, channels):
        raise UserError(
            f"{Path(path).name}: data.{key} is {value!r}; "
            f"allowed: a finite number or a list of {channels}"
        )
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 1, 1)
