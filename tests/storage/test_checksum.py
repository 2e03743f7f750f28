"""The checksum in a file: one slot, and all other bytes count."""

import mmap

import pytest

from latephase.storage import checksum

CONTENT = b"before " + checksum.SLOT.encode() + b" after"


def test_every_byte_counts():
    content = checksum.filled(CONTENT)
    assert len(content) == len(CONTENT)
    assert checksum.holds(content)
    for at, byte in enumerate(content):
        altered = content[:at] + bytes([byte ^ 1]) + content[at + 1 :]
        assert not checksum.holds(altered), at
    for kept in range(len(content)):
        assert not checksum.holds(content[:kept]), kept


def test_pieces_give_the_checksum_of_the_whole(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        checksum.write_filled(file, CONTENT, [b"one", memoryview(b"two"), b""])
    content = (tmp_path / "x").read_bytes()
    assert content == checksum.filled(CONTENT + b"onetwo")


def test_a_mapped_file_is_checked_too(tmp_path):
    (tmp_path / "x").write_bytes(checksum.filled(CONTENT))
    with (
        (tmp_path / "x").open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        assert checksum.holds(content)


@pytest.mark.parametrize("head", [b"", b"none", 2 * checksum.SLOT.encode()])
def test_a_file_has_one_slot(tmp_path, head):
    with pytest.raises(ValueError, match="slots for a checksum; allowed: 1"):
        checksum.filled(head)
    with (tmp_path / "x").open("wb") as file, pytest.raises(ValueError, match="allowed: 1"):
        checksum.write_filled(file, head, [])
    assert (tmp_path / "x").read_bytes() == b""


def test_a_file_without_a_slot_has_no_checksum():
    assert not checksum.has_slot(b"none")
    assert not checksum.holds(b"none")
    assert checksum.has_slot(CONTENT)
