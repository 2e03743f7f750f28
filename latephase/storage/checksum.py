"""A sum of a whole file within that file, so that damage is noticed wherever it is.

A writer leaves ``SLOT`` once in what it writes, as text; :func:`filled` puts into it the sha256 of
all the other bytes, :func:`write_filled` does so of what is too large to hold, and :func:`holds`
says whether it still is that.
"""

import hashlib
from collections.abc import Iterable
from mmap import mmap
from typing import BinaryIO

MARK = b"latephase-sha256:"
DIGITS = 64
SLOT = MARK.decode() + "0" * DIGITS


def filled(content: bytes) -> bytes:
    """The content with its slot filled."""
    if content.count(MARK) != 1:
        raise ValueError(f"{content.count(MARK)} slots for a sum")
    at = _slot(content)
    return content[:at] + _sum(content, at) + content[at + DIGITS :]


def write_filled(file: BinaryIO, head: bytes, rest: Iterable[bytes | memoryview]) -> None:
    """Write a head that has a slot, and all the rest after it, piece by piece; fill the slot."""
    if head.count(MARK) != 1:
        raise ValueError(f"{head.count(MARK)} slots for a sum")
    at = _slot(head)
    total = hashlib.sha256(head[:at])
    total.update(head[at + DIGITS :])
    file.write(head)
    for piece in rest:
        total.update(piece)
        file.write(piece)
    file.seek(at)
    file.write(total.hexdigest().encode())


def holds(content: bytes | mmap) -> bool:
    """Whether the content has a sum, and is what was written with it."""
    at = _slot(content)
    return at >= len(MARK) and content[at : at + DIGITS] == _sum(content, at)


def _slot(content: bytes | mmap) -> int:
    """Where the digits of the sum begin; before the end of a mark where there is none."""
    return content.find(MARK) + len(MARK)


def _sum(content: bytes | mmap, at: int) -> bytes:
    """sha256 of all but the digits at a place, as hex digits."""
    with memoryview(content) as view:
        total = hashlib.sha256(view[:at])
        total.update(view[at + DIGITS :])
    return total.hexdigest().encode()
