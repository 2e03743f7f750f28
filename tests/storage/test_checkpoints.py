"""Checkpoints: what is read is what was written, or one line says that it is not."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from latephase.storage import checkpoints, checksum

ROOT = Path(__file__).parents[2]

TENSORS = {"head.weight": torch.arange(12.0).reshape(2, 3, 2), "head.bias": torch.zeros(2, 3)}
HEADER = {"pack": {"runs": [{"seed": 1}, {"seed": 2}], "note": "λ"}, "step": 30}


def test_roundtrip(tmp_path):
    path = checkpoints.step_path(tmp_path, 30)
    strided = torch.arange(12.0).reshape(2, 6)[:, ::2]
    checkpoints.write(path, TENSORS | {"strided": strided}, HEADER)
    tensors, header = checkpoints.read(path)
    assert header == HEADER
    assert set(tensors) == {*TENSORS, "strided"}
    for name, tensor in (TENSORS | {"strided": strided}).items():
        assert torch.equal(tensors[name], tensor)
    runs = list(checkpoints.runs(path))
    assert len(runs) == 2
    assert torch.equal(runs[1]["head.weight"], TENSORS["head.weight"][1])


def test_same_content_same_bytes(tmp_path):
    backwards = dict(reversed(TENSORS.items()))
    checkpoints.write(tmp_path / "a", TENSORS, HEADER)
    checkpoints.write(tmp_path / "b", backwards, dict(reversed(HEADER.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_steps_in_order_and_nothing_else(tmp_path):
    for step in (20, 3, 100_000, 0):
        checkpoints.write(checkpoints.step_path(tmp_path, step), TENSORS, HEADER)
    (tmp_path / "step_000000007.safetensors.part").write_bytes(b"cut short")
    (tmp_path / "state_000000008.safetensors").write_bytes(b"")
    assert [step for step, _ in checkpoints.steps_in(tmp_path)] == [0, 3, 20, 100_000]


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    checkpoints.write(path, TENSORS, HEADER)
    old = path.read_bytes()

    def full(_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoints.write(path, TENSORS, HEADER | {"step": 31})
    assert [file.name for file in tmp_path.iterdir()] == ["x.safetensors"]
    assert path.read_bytes() == old


def test_written_files_may_be_read_by_whom_the_umask_allows(tmp_path):
    path = tmp_path / "x.safetensors"
    checkpoints.write(path, TENSORS, HEADER)
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.999])
def test_a_truncated_file_is_refused(tmp_path, kept):
    path = tmp_path / "x.safetensors"
    checkpoints.write(path, TENSORS, HEADER)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(checkpoints.Damaged, match="remove it and run again"):
        checkpoints.read(path)


def test_an_altered_bit_is_refused_wherever_it_is(tmp_path):
    """In the header, in the tensors' names, in the tensors."""
    path = tmp_path / "x.safetensors"
    checkpoints.write(path, TENSORS, HEADER)
    with path.open("r+b", buffering=0) as file:
        for at, byte in enumerate(path.read_bytes()):
            file.seek(at)
            file.write(bytes([byte ^ 1 << at % 8]))
            with pytest.raises(checkpoints.Damaged, match="remove it and run again"):
                checkpoints.read(path)
            file.seek(at)
            file.write(bytes([byte]))
    checkpoints.read(path)


def lying(header, content=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


SOUND = {"latephase": json.dumps({"header": {}, "checksum": checksum.SLOT})}
FLOATS = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "content",
    [
        (1 << 60).to_bytes(8, "little") + b"{}",
        lying(b"[" * 100_000),
        lying({"__metadata__": SOUND, "a": FLOATS | {"data_offsets": [0, 1 << 60]}}, bytes(8)),
        lying({"__metadata__": SOUND, "a": FLOATS | {"shape": [1 << 40]}}, bytes(8)),
        lying({"__metadata__": SOUND, "a": FLOATS, "b": FLOATS}, bytes(8)),
        lying({"__metadata__": SOUND, "a": FLOATS | {"dtype": "O"}}, bytes(8)),
        lying({"__metadata__": SOUND, "a": FLOATS}, bytes(9)),
        lying({"__metadata__": {"latephase": "[" * 100_000}, "a": FLOATS}, bytes(8)),
        lying({"__metadata__": {"latephase": "3"}, "a": FLOATS}, bytes(8)),
        b"\x80\x04\x95 a pickle",
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, content):
    """Even if the checksum holds."""
    content += b"" if checksum.has_slot(content) else checksum.SLOT.encode()
    (tmp_path / "x.safetensors").write_bytes(checksum.filled(content))
    with pytest.raises(checkpoints.Damaged, match="not a complete checkpoint; remove it") as error:
        checkpoints.read(tmp_path / "x.safetensors")
    assert "\n" not in str(error.value)


def test_a_file_without_our_header_is_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(checkpoints.Damaged, match="not a complete checkpoint"):
        checkpoints.read(tmp_path / "x.safetensors")
