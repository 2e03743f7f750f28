"""An .npz file with x_train, y_train, x_test, y_test: the user's own, or one of catalog/data.

The Snakefile calls :func:`entry_of` before anything runs. That function reads the headers and the
labels with the standard library only. So functions that read whole arrays import NumPy when they
are called.
"""

from __future__ import annotations

import ast
import hashlib
import math
import re
import struct
import sys
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from latephase.datasets import Places
from latephase.errors import UserError

if TYPE_CHECKING:
    import numpy as np

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "scale", "sha256"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/image_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "scale": {"enum": [1, 255]},
        # The sha256 of catalog/data/<name of the set>.npz.
        "sha256": {"$ref": "#/$defs/sha256"},
    },
}
KEYS = ("x_train", "y_train", "x_test", "y_test")
LARGEST = 8 << 30
"""The largest number of bytes of an array. The memory of most machines has no room for a larger one
and its copy."""
# A zip bomb unpacks to a thousand times its bytes, which is the limit of deflate. Honest one-hot
# vectors have nearly this ratio too. So any ratio is allowed for inputs of a harmless size. Labels
# must be smaller, because they are read whenever Snakemake plans.
FOLD, SMALL = 200, {"x": 1 << 30, "y": 16 << 20}
LONGEST_HEADER = 10_000
LONG = re.compile(r"(\d)L(?=[,)])")
"""A whole number in a shape as Python 2 wrote it."""


@dataclass(frozen=True)
class Header:
    """Shape and type of one array: kind u, i or f (as in NumPy), bytes per item, and byte order."""

    shape: tuple[int, ...]
    kind: str
    itemsize: int
    big_endian: bool


@contextmanager
def zip_errors(path: str | PathLike) -> Iterator[None]:
    """Turn errors of zipfile, zlib and NumPy about a missing or damaged file into a UserError."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; allowed: an .npz with {', '.join(KEYS)}") from None
    # RuntimeError: encrypted member; NotImplementedError (its subclass): unknown compression.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: not a readable .npz file ({text})") from None


def entry_of(path: str | PathLike) -> dict:
    """The entry that an .npz file would have in catalog/datasets.yaml.

    Returns {"kind": "npz", "variant": "user", "shape": [C, H, W], "classes": K, "train": N, "test":
    M, "scale": 255 (bytes) or 1 (floats)}. Only headers and labels are read.

    Raises UserError unless all of the following holds:

    - x_train and x_test have the same type (uint8 or float) and the same item shape (see
      :func:`image_shape`).
    - y_train and y_test are [N] integers. y_train has each of 0..K-1, and y_test has no other
      value.
    - Every array is as long as its header says and has at most ``LARGEST`` bytes.
    - An array of more than its ``SMALL`` bytes has at most ``FOLD`` times the bytes that it takes
      in the file.
    """
    if Path(path).exists() and not Path(path).is_file():
        raise UserError(f"{path}: is not a file; allowed: an .npz with {', '.join(KEYS)}")
    with zip_errors(path), zipfile.ZipFile(path) as archive:
        headers, labels = {}, {}
        for key in KEYS:
            with _member(archive, path, key) as (info, stream):
                headers[key] = header = _header(stream, info, f"{path}: {key}")
                if key.startswith("y_"):
                    labels[key] = _labels(stream, header, f"{path}: {key}")
    train, test = headers["x_train"], headers["x_test"]
    shape = image_shape(train.shape, f"{path}: x_train")
    for key, header in (("x_train", train), ("x_test", test)):
        if header.kind != "f" and (header.kind, header.itemsize) != ("u", 1):
            raise UserError(f"{path}: {key} holds integers; allowed: uint8 or floats")
        if header.shape[0] != headers[key.replace("x", "y")].shape[0]:
            raise UserError(
                f"{path}: {key} holds {header.shape[0]} examples but {key.replace('x', 'y')} "
                f"{headers[key.replace('x', 'y')].shape[0]} labels; allowed: the same number"
            )
    if (test.shape[1:], test.kind) != (train.shape[1:], train.kind):
        raise UserError(
            f"{path}: x_test has items {test.shape[1:]} of kind {test.kind}; "
            f"allowed: those of x_train, {train.shape[1:]} of kind {train.kind}"
        )
    return {
        "kind": "npz",
        "variant": "user",
        "shape": shape,
        "classes": _classes(labels, path),
        "train": train.shape[0],
        "test": test.shape[0],
        "scale": 255 if train.kind == "u" else 1,
    }


def content(path: str | PathLike) -> str:
    """A digest of the contents of a file's arrays, independent of the file's place.

    It is computed from the CRC-32 that the archive has for each array, because reading all arrays
    at each call of Snakemake would take too long. Raises UserError if the file cannot be read.
    """
    with zip_errors(path), zipfile.ZipFile(path) as archive:
        members = []
        for key in KEYS:
            with _member(archive, path, key) as (info, _):
                members.append(f"{key} {info.CRC:08x} {info.file_size}")
    return hashlib.sha256("\n".join(members).encode()).hexdigest()


def image_shape(shape: tuple[int, ...], where: str) -> list[int]:
    """[C, H, W] of inputs [N, d] (as [1, 1, d]), [N, H, W] or [N, H, W, C], where C is 1 or 3."""
    if math.prod(shape) > 0:
        if len(shape) == 2:
            return [1, 1, shape[1]]
        if len(shape) == 3:
            return [1, shape[1], shape[2]]
        if len(shape) == 4 and shape[3] in (1, 3):
            return [shape[3], shape[1], shape[2]]
    raise UserError(
        f"{where} has shape {shape}; allowed: [N, d], [N, H, W] or [N, H, W, C] with C 1 or 3, "
        "none of them 0"
    )


@contextmanager
def _member(
    archive: zipfile.ZipFile, path: str | PathLike, key: str
) -> Iterator[tuple[zipfile.ZipInfo, BinaryIO]]:
    try:
        info = archive.getinfo(f"{key}.npy")
    except KeyError:
        names = sorted(name.removesuffix(".npy") for name in archive.namelist())
        found = ", ".join(ascii(name[:40]) for name in names[:8])
        raise UserError(f"{path}: {key} is missing (found: {found}); allowed: {KEYS}") from None
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        kind = zipfile.compressor_names.get(info.compress_type, info.compress_type)
        raise UserError(
            f"{path}: {key} is compressed by {kind}; allowed: deflate or no compression"
        )
    # The archive may also state a wrong number of bytes that a member takes. The size of the file
    # itself is always right.
    taken = min(info.compress_size, Path(path).stat().st_size)
    if info.file_size > max(SMALL[key[0]], FOLD * taken):
        raise UserError(
            f"{path}: {key} would inflate from {taken} to {info.file_size} bytes; "
            f"allowed: {FOLD} times as many"
        )
    with archive.open(info) as stream:
        yield info, stream


# numpy.lib.format is not used: importing NumPy takes 0.16 s, and all of this takes 0.003 s
# (fashion_mnist_part). It would also read a header of any length before it refuses it.
def _header(stream: BinaryIO, info: zipfile.ZipInfo, where: str) -> Header:
    """Read an npy header (NumPy Enhancement Proposal 1, versions 1 and 2) and check its sizes."""
    start = stream.read(8)
    if start[:6] != b"\x93NUMPY" or start[6:] not in (b"\x01\x00", b"\x02\x00"):
        raise UserError(f"{where} is not an npy array of version 1 or 2")
    form = "<H" if start[6] == 1 else "<I"
    (length,) = struct.unpack(form, _exactly(stream, struct.calcsize(form)))
    if length > LONGEST_HEADER:
        raise UserError(f"{where} has a header of {length} bytes; allowed: {LONGEST_HEADER}")
    text = _exactly(stream, length).decode("latin-1")
    try:
        fields = ast.literal_eval(LONG.sub(r"\1", text))
        shape, descr = tuple(fields["shape"]), fields["descr"]
        sizes_ok = all(type(size) is int and size >= 0 for size in shape)
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        raise UserError(f"{where} has a damaged npy header") from None
    match = re.fullmatch(r"([<>|=]?)([uif])([1248])", descr) if isinstance(descr, str) else None
    if match is None or not sizes_ok or not shape:
        kind = "objects (a pickle)" if descr in ("|O", "O") else f"type {descr!r}, shape {shape}"
        raise UserError(f"{where} holds {kind}; allowed: arrays of integers or floats")
    header = Header(shape, match[2], int(match[3]), match[1] == ">")
    declared = math.prod(shape) * header.itemsize
    held = info.file_size - 8 - struct.calcsize(form) - length
    if declared != held:
        raise UserError(f"{where} declares {declared} bytes; its zip member holds {held}")
    if declared > LARGEST:
        raise UserError(f"{where} declares {declared} bytes; allowed: up to {LARGEST}")
    return header


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("an npy array is truncated")
    return data


def _labels(stream: BinaryIO, header: Header, where: str) -> set[int]:
    """The distinct labels of an array [N] of integers."""
    if header.kind == "f" or len(header.shape) != 1 or header.shape[0] == 0:
        raise UserError(
            f"{where} has shape {header.shape} and kind {header.kind}; allowed: [N] of integers"
        )
    # Only this length is read: read() would decompress a whole member that states a wrong length.
    length = header.shape[0] * header.itemsize
    code = {1: "b", 2: "h", 4: "i", 8: "q"}[header.itemsize]
    values = array(code if header.kind == "i" else code.upper(), _exactly(stream, length))
    if header.itemsize > 1 and header.big_endian != (sys.byteorder == "big"):
        values.byteswap()
    return set(values)


def _classes(labels: dict[str, set[int]], path: str | PathLike) -> int:
    train = labels["y_train"]
    classes = len(train)
    if train != set(range(classes)) or classes < 2:
        raise UserError(
            f"{path}: y_train holds {classes} distinct labels from {min(train)} to {max(train)}; "
            "allowed: each of 0..K-1, K at least 2"
        )
    strange = labels["y_test"] - train
    if strange:
        raise UserError(
            f"{path}: y_test holds label {min(strange)}; allowed: 0..{classes - 1}, as in y_train"
        )
    return classes


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Inputs [N, C, H, W], uint8 as they are or floats as float32, and labels [N] as int64.

    Inputs [N, d] become [N, 1, 1, d], [N, H, W] become [N, 1, H, W], and [N, H, W, C] become [N, C,
    H, W]. Bytes are later divided by 255; floats are used as they are. The file is checked by
    :func:`entry_of` before any array is read. Raises UserError as that function does, for NaN and
    infinity, and for a file whose sha256 is not that of the entry.
    """
    import numpy as np

    path = places.npz
    if path is None:
        raise UserError(f"data set {name}: kind npz needs a file; give it with --npz FILE")
    sizes = entry_of(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if entry.get("sha256", digest) != digest:
        raise UserError(f"{path}: sha256 is {digest}; expected {entry['sha256']}")
    arrays = {}
    with zip_errors(path), np.load(path, allow_pickle=False) as file:
        for split in ("train", "test"):
            # The ending .npy is needed. Without it, NumPy would prefer a member of that bare name,
            # which was not checked.
            inputs = _images(file[f"x_{split}.npy"], sizes["shape"])
            if sizes["scale"] == 1:
                with np.errstate(over="ignore"):
                    inputs = inputs.astype(np.float32)
                if not np.isfinite(inputs).all():
                    raise UserError(
                        f"{path}: x_{split} holds NaN or infinity; allowed: finite float32 values"
                    )
            arrays[f"{split}_inputs"] = inputs
            arrays[f"{split}_labels"] = file[f"y_{split}.npy"].astype(np.int64)
    facts = {
        "variant": entry.get("variant", sizes["variant"]),
        "source": path.name,
        "sha256": {path.name: digest},
        **{key: sizes[key] for key in ("classes", "shape", "scale")},
    }
    return arrays, facts


def _images(inputs: np.ndarray, shape: list[int]) -> np.ndarray:
    if inputs.ndim == 4:
        return inputs.transpose(0, 3, 1, 2)
    return inputs.reshape(len(inputs), *shape)
