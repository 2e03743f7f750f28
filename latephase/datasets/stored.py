"""Read results/data/<dataset>.safetensors into the tensors of a training or a metric."""

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

from latephase.datasets.streamed import Streamed
from latephase.errors import UserError
from latephase.storage import checksum, safetensors_header

HELD_BYTES = 8 << 30
"""The largest number of bytes of a split's inputs in memory. Larger inputs stay in their file."""


@dataclass(frozen=True)
class Data:
    """A data set for training, on one device.

    train_inputs and test_inputs are images float32 [N, C, H, W], standardised, or sequences of
    integers int64 [N, T]. They are streamed if they take more than ``HELD_BYTES``. train_labels and
    test_labels are int64 [N] with values 0..classes-1. header is the header of the file, as made by
    :func:`latephase.datasets.prepare.prepare`, and its checksum.
    """

    train_inputs: Tensor | Streamed
    train_labels: Tensor
    test_inputs: Tensor | Streamed
    test_labels: Tensor
    classes: int
    header: dict

    def targets(self, split: str) -> Tensor:
        """The targets of the samples of "train" or "test", int64 [N] or [N, P].

        These are the labels. If the header says which class comes ``after`` each of them, that
        class is beside them: for an equation, the answer and the end.
        """
        labels = getattr(self, f"{split}_labels")
        if "after" not in self.header:
            return labels
        return torch.stack([labels, torch.full_like(labels, self.header["after"])], -1)

    def held(self, split: str) -> Tensor:
        """The inputs of "train" or "test". Raises UserError if they are streamed."""
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

    Images are (stored / scale - mean) / std. Mean (None: 0) and std (None: 1) are a number, or one
    number per channel. With ``resize``, the scaled images are first resized to that height and
    width, bilinearly as in Pillow, and the header has the new shape. Integers are used as they are;
    none of the three may be given for them.

    The checksum of the whole file is checked. Only the requested examples are kept: in memory, or
    in the file if they are large (:mod:`latephase.datasets.streamed`). Both give the same numbers.
    Raises UserError for a file that is altered or of another kind, and for sizes, means or
    deviations that do not fit it.
    """
    try:
        if not _whole(path):
            raise UserError(f"{path}: its content is not what was written; remove it and run again")
        # NumPy is used, because torch would map the file, and the kernel would need room for it.
        with safe_open(path, framework="np") as file:
            header = _header(path, file.metadata())
            train = _first(path, file, "train", train_size)
            test = _first(path, file, "test", test_size)
        if not (_fit(path, header, train) and _fit(path, header, test)):
            raise _lies(path)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; scripts.prepare_data makes it") from None
    except SafetensorError as error:
        raise UserError(f"{path}: not a readable safetensors file ({error})") from None
    reading = (_of_integers if _has_integers(header) else _of_images)(
        path, header, mean, std, resize
    )
    return Data(
        train_inputs=_inputs(path, train, reading, device),
        train_labels=train.labels.to(device),
        test_inputs=_inputs(path, test, reading, device),
        test_labels=test.labels.to(device),
        classes=header["classes"],
        header=header | ({"shape": reading.shape} if resize is not None else {}),
    )


@dataclass(frozen=True)
class _Reading:
    """How stored inputs become the inputs of a :class:`Data`."""

    convert: Callable[[Tensor], Tensor]
    """Converts stored rows, on the same device."""
    shape: list[int]
    """The shape of one converted input."""
    dtype: torch.dtype


def _of_integers(
    path: str | os.PathLike, header: dict, mean: object, std: object, resize: object
) -> _Reading:
    """Sequences as they are."""
    for key, value in (("mean", mean), ("std", std), ("resize", resize)):
        if value is not None:
            raise UserError(
                f"{Path(path).name}: data.{key} is {value!r}; allowed: null, because its inputs "
                "are integers"
            )
    return _Reading(lambda rows: rows.to(torch.int64), header["shape"], torch.int64)


def _of_images(
    path: str | os.PathLike,
    header: dict,
    mean: float | Sequence[float] | None,
    std: float | Sequence[float] | None,
    resize: int | None,
) -> _Reading:
    """Images, scaled, resized and standardised."""
    channels = header["shape"][0]
    shift = _per_channel(path, "mean", 0.0 if mean is None else mean, channels)
    spread = _per_channel(path, "std", 1.0 if std is None else std, channels)
    if not bool((spread > 0).all()):
        raise UserError(f"{Path(path).name}: data.std is {std}; allowed: numbers above 0")

    def standardise(inputs: Tensor) -> Tensor:
        # The division makes a new tensor, because inputs stored as floats must stay unchanged.
        scaled = inputs.to(torch.float32) / header["scale"]
        if resize is not None:
            scaled = interpolate(scaled, (resize, resize), mode="bilinear", antialias=True)
        return scaled.sub_(shift.to(inputs.device)).div_(spread.to(inputs.device))

    shape = header["shape"] if resize is None else [channels, resize, resize]
    return _Reading(standardise, shape, torch.float32)


@dataclass(frozen=True)
class _Split:
    """The first examples of a split, as the file has them."""

    name: str
    size: int
    dtype: str
    """The type of the inputs, by its name in the safetensors format."""
    shape: list[int]
    """The shape of one input."""
    labels: Tensor


def _inputs(
    path: str | os.PathLike,
    split: _Split,
    reading: _Reading,
    device: str | torch.device,
) -> Tensor | Streamed:
    """A split's inputs, in memory on the device or, if they are large, streamed."""
    if split.size * math.prod(reading.shape) * reading.dtype.itemsize > HELD_BYTES:
        stored = _mapped(path, split)
        return Streamed(stored, reading.convert, reading.shape, device, reading.dtype)
    with safe_open(path, framework="np") as file:
        stored = torch.from_numpy(file.get_slice(f"{split.name}_inputs")[: split.size])
    # Moved before it is converted, so that one byte per value is sent to the device, not four.
    return reading.convert(stored.to(device))


def _mapped(path: str | os.PathLike, split: _Split) -> np.ndarray:
    """The stored inputs of a split, which stay in their file. The file has been checked."""
    with Path(path).open("rb") as file:
        content, start = safetensors_header.decoded(file)
    entry = content[f"{split.name}_inputs"]
    dtype = np.dtype(safetensors_header.NAMES[entry["dtype"]]).newbyteorder("<")
    place = start + entry["data_offsets"][0]
    return np.memmap(path, dtype, "r", place, tuple(entry["shape"]))[: split.size]


def _whole(path: str | os.PathLike) -> bool:
    """Whether a file is undamaged, according to the checksum in it."""
    with Path(path).open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return False  # nothing to map
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return checksum.holds(content)


def _header(path: str | os.PathLike, metadata: dict[str, str] | None) -> dict:
    if not metadata or "latephase" not in metadata:
        raise UserError(f"{path}: header key latephase is missing; scripts.prepare_data writes it")
    try:
        header = json.loads(metadata["latephase"])
        known = header["classes"] > 0 and min(header["shape"]) > 0
        if _has_integers(header):
            known = known and len(header["shape"]) == 1 and header.get("vocabulary", 1) > 0
        else:
            known = known and len(header["shape"]) == 3 and header["scale"] > 0
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        known = False
    if not known:
        raise UserError(f"{path}: its header was not written by scripts.prepare_data; remove it")
    return header


def _has_integers(header: dict) -> bool:
    """Whether inputs are sequences of integers and not images.

    Raises ValueError if the header names another kind of inputs.
    """
    if "inputs" not in header:
        return False
    if header["inputs"] != "integers":
        raise ValueError(f"inputs are {header['inputs']}")
    return True


def _lies(path: str | os.PathLike) -> UserError:
    return UserError(f"{path}: its arrays are not what its header says; remove it")


def _fit(path: str | os.PathLike, header: dict, split: _Split) -> bool:
    """Whether inputs and labels fit the header's shape, classes and vocabulary."""
    if not (
        split.shape == header["shape"]
        and split.labels.dtype == torch.int64
        and split.labels.min().item() >= 0
        and split.labels.max().item() < header["classes"]
    ):
        return False
    if not _has_integers(header):
        return True
    if split.dtype not in ("I32", "I64"):
        return False
    if "vocabulary" not in header:
        return True
    stored = _mapped(path, split)
    return stored.min() >= 0 and stored.max() < header["vocabulary"]


def _first(path: str | os.PathLike, file, split: str, size: int | None) -> _Split:
    """The first ``size`` examples of a split. Its inputs are not read yet."""
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
    labels = torch.from_numpy(labels[:size])
    return _Split(split, size, inputs.get_dtype(), inputs.get_shape()[1:], labels)


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
