"""Read results/data/<dataset>.safetensors into the tensors a training or a metric takes."""

import json
import math
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.nn.functional import interpolate

from latephase import sums
from latephase.errors import UserError


@dataclass(frozen=True)
class Data:
    """A data set, standardised, on one device.

    train_inputs, test_inputs float32 [N, C, H, W]; train_labels, test_labels int64 [N] with
    values 0..classes-1; header: what the file says of itself (name, variant, source, sha256,
    classes, shape, scale; and sum, of the file itself).
    """

    train_inputs: Tensor
    train_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor
    classes: int
    header: dict


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
    only the examples asked for are kept. Raises UserError for a file that is altered or not of this
    kind and for sizes, means or deviations that do not fit it.
    """
    try:
        if not _whole(path):
            raise UserError(f"{path}: not what was written there; remove it and run again")
        with safe_open(path, framework="pt") as file:
            header = _header(path, file.metadata())
            train = _first(path, file, "train", train_size)
            test = _first(path, file, "test", test_size)
        if not (_fit(header, *train) and _fit(header, *test)):
            raise UserError(f"{path}: its arrays are not what its header says; remove it")
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
        # Moved before the conversion: a byte a value crosses to the device, not four. The
        # division makes a new tensor: stored floats may still be the mapped file itself.
        scaled = inputs.to(device).to(torch.float32) / header["scale"]
        if resize is not None:
            scaled = interpolate(scaled, (resize, resize), mode="bilinear", antialias=True)
        return scaled.sub_(shift.to(device)).div_(spread.to(device))

    return Data(
        train_inputs=standardise(train[0]),
        train_labels=train[1].to(device),
        test_inputs=standardise(test[0]),
        test_labels=test[1].to(device),
        classes=header["classes"],
        header=header | ({"shape": [channels, resize, resize]} if resize is not None else {}),
    )


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


def _fit(header: dict, inputs: Tensor, labels: Tensor) -> bool:
    """Whether inputs [N, C, H, W] and labels [N] are of the header's shape and classes."""
    return (
        list(inputs.shape[1:]) == header["shape"]
        and labels.dtype == torch.int64
        and labels.shape == inputs.shape[:1]
        and labels.min().item() >= 0
        and labels.max().item() < header["classes"]
    )


def _first(path: str | os.PathLike, file, split: str, size: int | None) -> tuple[Tensor, Tensor]:
    """The first ``size`` inputs [size, C, H, W], as stored, and labels [size] of a split."""
    inputs, labels = (file.get_slice(f"{split}_inputs"), file.get_slice(f"{split}_labels"))
    total = inputs.get_shape()[0]
    if size is None:
        size = total
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= total:
        raise UserError(
            f"{Path(path).name}: data.{split}_size is {size!r}; allowed: 1..{total} or null for all"
        )
    return inputs[:size], labels[:size].clone()


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
