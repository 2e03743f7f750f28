"""The header of a safetensors file, read and written without the arrays.

A file has eight bytes with the length of its header, the header, and the bytes of all arrays with
nothing between them. The header is JSON. It says of each array its type, its shape and where its
bytes are, counted from the end of the header; ``__metadata__`` holds text.
"""

import json
from collections.abc import Mapping
from typing import Any, BinaryIO

TYPES = {"float32": "F32", "int32": "I32", "int64": "I64", "uint8": "U8"}
"""What the format calls the types that we write, by NumPy's names."""
NAMES = {code: name for name, code in TYPES.items()}
LONGEST = 100_000_000
"""The library reads no longer header."""


def encoded(arrays: Mapping[str, dict[str, Any]], metadata: Mapping[str, str]) -> bytes:
    """All bytes before the arrays, a multiple of eight, exactly as the library writes them.

    ``arrays`` has an entry ``{"dtype": …, "shape": …, "data_offsets": …}`` for each array.
    """
    content = {"__metadata__": dict(metadata), **arrays}
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def decoded(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header at the start of a file, and where the bytes of the arrays begin.

    Raises ValueError where the file has no such header. What the header says of the arrays is not
    checked: the library does that when it reads them.
    """
    length = int.from_bytes(file.read(8), "little")
    if length > LONGEST:
        raise ValueError(f"a header of {length} bytes; allowed: {LONGEST}")
    content = json.loads(file.read(length))
    if not isinstance(content, dict):
        raise ValueError("a header that is no JSON object")
    return content, 8 + length
