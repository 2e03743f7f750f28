"""The safetensors format, written piece by piece: byte for byte what its library writes at once.

Eight bytes with the length of the head, the head (JSON: of each array its type, its shape and where
its bytes are), and the bytes of all arrays, with nothing between. The library wants the whole of
every array in memory, twice.
"""

import json
import math
from collections.abc import Iterator, Mapping

import numpy as np

from latephase.datasets.pieces import Pieces, pieces_of

Arrays = Mapping[str, np.ndarray | Pieces]
TYPES = {"float32": "F32", "int64": "I64", "uint8": "U8"}
ORDER = ("I64", "F32", "U8")
"""Arrays of wider items first, so that each begins at a multiple of its item."""


def head_of(arrays: Arrays, metadata: dict[str, str]) -> bytes:
    """All before the arrays' bytes, with the metadata in it; a multiple of eight bytes."""
    head: dict[str, dict] = {"__metadata__": metadata}
    end = 0
    for name in _ordered(arrays):
        array = arrays[name]
        begin, end = end, end + math.prod(array.shape) * array.dtype.itemsize
        head[name] = {
            "dtype": TYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def bytes_of(arrays: Arrays) -> Iterator[memoryview]:
    """The arrays' bytes, in the order of the head.

    Raises ValueError where pieces do not make up the array that they are of.
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
