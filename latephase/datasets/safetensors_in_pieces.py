"""Write the safetensors format piece by piece, with exactly the bytes that its library writes.

The library needs every array completely in memory, twice.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from latephase.datasets.pieces import Pieces, pieces_of
from latephase.storage import safetensors_header
from latephase.storage.safetensors_header import TYPES

Arrays = Mapping[str, np.ndarray | Pieces]
ORDER = ("I64", "F32", "I32", "U8")
"""The order of the arrays in a file, by type: types with wider items come first.

So each array begins at a multiple of its item's size.
"""


def head_of(arrays: Arrays, metadata: dict[str, str]) -> bytes:
    """All bytes before those of the arrays, including the metadata; a multiple of eight."""
    entries: dict[str, dict] = {}
    end = 0
    for name in _ordered(arrays):
        array = arrays[name]
        begin, end = end, end + math.prod(array.shape) * array.dtype.itemsize
        entries[name] = {
            "dtype": TYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    return safetensors_header.encoded(entries, metadata)


def bytes_of(arrays: Arrays) -> Iterator[memoryview]:
    """The bytes of the arrays, in the order of the head.

    Raises ValueError if the pieces of an array are not the whole array.
    """
    for name in _ordered(arrays):
        array, rows = arrays[name], 0
        for piece in pieces_of(array):
            if (piece.dtype, piece.shape[1:]) != (array.dtype, tuple(array.shape[1:])):
                raise ValueError(f"{name}: a piece is {piece.dtype} {piece.shape}")
            rows += len(piece)
            little = piece.astype(piece.dtype.newbyteorder("<"), order="C", copy=False)
            yield little.reshape(-1).view(np.uint8).data
        if rows != len(array):
            raise ValueError(f"{name}: its pieces have {rows} rows, not {len(array)}")


def _ordered(arrays: Arrays) -> list[str]:
    return sorted(arrays, key=lambda name: (ORDER.index(TYPES[arrays[name].dtype.name]), name))
