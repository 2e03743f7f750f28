"""The header of a safetensors file, read and written without the arrays.

A file consists of eight bytes with the length of its header, the header, and the bytes of all
arrays without gaps. The header is JSON. For each array it gives the type, the shape, and the
position of its bytes, counted from the end of the header. ``__metadata__`` contains text.
"""

import json
from collections.abc import Mapping
from typing import Any, BinaryIO

TYPES = {"float32": "F32", "int32": "I32", "int64": "I64", "uint8": "U8"}
"""The names of the types that we write, in NumPy and in the format."""
NAMES = {code: name for name, code in TYPES.items()}
LONGEST = 100_000_000
"""The longest header that the library reads."""


def encoded(arrays: Mapping[str, dict[str, Any]], metadata: Mapping[str, str]) -> bytes:
    """All bytes before the arrays, a multiple of eight, exactly as the library writes them.

    ``arrays`` has an entry ``{"dtype": …, "shape": …, "data_offsets": …}`` for each array.
    """
    content = {"__metadata__": dict(metadata), **arrays}
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def decoded(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header at the start of a file, and the position at which the bytes of the arrays begin.

    Raises ValueError if the file has no such header. The header's entries for arrays are not
    checked, because the library checks them when it reads the arrays.
    """
    length = int.from_bytes(file.read(8), "little")
    if length > LONGEST:
        raise ValueError(f"a header of {length} bytes; allowed: {LONGEST}")
    content = json.loads(file.read(length))
    if not isinstance(content, dict):
        raise ValueError("a header that is not a JSON object")
    return content, 8 + length
