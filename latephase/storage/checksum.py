"""A checksum of a whole file, stored within that file. It shows damage anywhere in the file.

A writer includes the text ``SLOT`` once in what it writes. :func:`filled` replaces the zeros in the
slot by the sha256 of all other bytes. :func:`write_filled` does the same for a file that is written
piece by piece. :func:`holds` checks a file against its checksum.
"""

import hashlib
from collections.abc import Iterable
from mmap import mmap
from typing import BinaryIO

MARK = b"latephase-sha256:"
DIGITS = 64
SLOT = MARK.decode() + "0" * DIGITS


def filled(content: bytes) -> bytes:
    """The content with its checksum in its slot. Raises ValueError unless it has one slot."""
    at = _only_slot(content)
    return content[:at] + _checksum(content, at) + content[at + DIGITS :]


def write_filled(file: BinaryIO, head: bytes, rest: Iterable[bytes | memoryview]) -> None:
    """Write a head and the rest piece by piece, then the checksum of both into the head's slot.

    Raises ValueError unless the head has exactly one slot.
    """
    at = _only_slot(head)
    total = hashlib.sha256(head[:at])
    total.update(head[at + DIGITS :])
    file.write(head)
    for piece in rest:
        total.update(piece)
        file.write(piece)
    file.seek(at)
    file.write(total.hexdigest().encode())


def has_slot(content: bytes | mmap) -> bool:
    """Whether the content has a place for a checksum, whatever that place contains."""
    return content.find(MARK) >= 0


def holds(content: bytes | mmap) -> bool:
    """Whether the content has a checksum that fits it."""
    if not has_slot(content):
        return False
    at = _slot(content)
    return content[at : at + DIGITS] == _checksum(content, at)


def _only_slot(content: bytes) -> int:
    if content.count(MARK) != 1:
        raise ValueError(f"{content.count(MARK)} slots for a checksum; allowed: 1")
    return _slot(content)


def _slot(content: bytes | mmap) -> int:
    """The position of the digits of the first slot."""
    return content.find(MARK) + len(MARK)


def _checksum(content: bytes | mmap, at: int) -> bytes:
    """The sha256 of all bytes except the digits that begin at ``at``, as hex digits."""
    with memoryview(content) as view:
        total = hashlib.sha256(view[:at])
        total.update(view[at + DIGITS :])
    return total.hexdigest().encode()
