"""A training that is killed, at any moment, ends in the bytes of one that was not."""

import os
from pathlib import Path

import pandas as pd
import pytest
import torch

from latephase.datasets import stored
from latephase.runs import code_digest
from latephase.storage import checkpoints
from latephase.training import trainer
from tests.training import packs
from tests.training.resuming import PACK, Killed, content, history_table, steps_gone_on_from

pytestmark = pytest.mark.usefixtures("a_state_at_every_checkpoint", "no_waiting_for_the_disk")


def kill_at_rename(monkeypatch, count, after):
    """Be killed at the count-th file that is renamed into place, before or after it is."""
    rename, calls = os.replace, []

    def replace(source, target):
        calls.append(target)
        if len(calls) == count and not after:
            raise Killed
        rename(source, target)
        if len(calls) == count and after:
            raise Killed

    monkeypatch.setattr(os, "replace", replace)
    return calls


def assert_ends_like(uninterrupted, data, scratch):
    folder, history, _ = trainer.train(PACK, data, scratch)
    assert content(folder) == uninterrupted[0]
    pd.testing.assert_frame_equal(history_table(history), uninterrupted[1], check_exact=True)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_write_in_turn(data, uninterrupted, tmp_path, monkeypatch, after):
    """Each life writes one file more, or none at all: 14 of them, checkpoints and states."""
    for count in range(1, 15):
        scratch = tmp_path / str(count)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            files = kill_at_rename(patch, count, after)
            trainer.train(PACK, data, scratch)
        if not after:  # what a kill leaves of the file it interrupts
            Path(f"{files[-1]}.part").write_bytes(b"cut short")
        assert_ends_like(uninterrupted, data, scratch)


def test_killed_again_and_again(data, uninterrupted, tmp_path, monkeypatch, caplog):
    """Progress is kept from life to life: each does a checkpoint and its state, and dies."""
    for _ in range(6):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            kill_at_rename(patch, 2, after=True)
            trainer.train(PACK, data, tmp_path)
    caplog.clear()
    with caplog.at_level("INFO"):
        trainer.train(PACK, data, tmp_path)
    assert steps_gone_on_from(caplog) == [10]
    assert len(list(tmp_path.glob("state_*"))) == 2
    assert_ends_like(uninterrupted, data, tmp_path)


@pytest.mark.parametrize(
    ("kept", "told"),
    [(0, "not a complete checkpoint"), (0.5, "its content is not what was written")],
)
def test_a_truncated_state_falls_back_to_the_one_before(
    data, uninterrupted, tmp_path, monkeypatch, caplog, kept, told
):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_at_rename(patch, 8, after=True)
        trainer.train(PACK, data, tmp_path)
    *_, older, newest = sorted(tmp_path.glob("state_*"))
    newest.write_bytes(newest.read_bytes()[: int(kept * newest.stat().st_size)])
    caplog.set_level("INFO")
    assert_ends_like(uninterrupted, data, tmp_path)
    assert steps_gone_on_from(caplog) == [int(older.stem.split("_")[1])] == [4]
    assert f"ignored: {newest}: {told}" in caplog.text


def test_without_a_readable_state_it_starts_anew(
    data, uninterrupted, tmp_path, monkeypatch, caplog
):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_at_rename(patch, 8, after=True)
        trainer.train(PACK, data, tmp_path)
    for path in tmp_path.glob("state_*"):
        path.write_bytes(b"")
    (tmp_path / "checkpoints/step_000000003.safetensors").write_bytes(b"of another schedule")
    caplog.set_level("INFO")
    assert_ends_like(uninterrupted, data, tmp_path)
    assert steps_gone_on_from(caplog) == []


def test_a_state_made_by_other_code_is_left_out(data, uninterrupted, tmp_path, monkeypatch, caplog):
    """A pack's id does not know the code: an edit between two lives must not mix them."""
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(trainer, "origin", lambda *_: "before the edit")
        kill_at_rename(patch, 8, after=True)
        trainer.train(PACK, data, tmp_path)
    caplog.set_level("INFO")
    assert_ends_like(uninterrupted, data, tmp_path)
    assert steps_gone_on_from(caplog) == []
    assert "other code" in caplog.text


def test_origin_depends_on_pack_data_and_the_parts_code(data, monkeypatch):
    own = trainer.origin(PACK, data)
    assert trainer.origin(PACK, data) == own
    assert trainer.origin(packs.pack(), data) != own
    header = data.header | {"sha256": {}}
    other = stored.Data(**(vars(data) | {"header": header}))
    assert trainer.origin(PACK, other) != own
    read = Path.read_bytes

    def edited(path):
        return read(path) + b"FASTER = True\n" * (path.name == "sgd.py")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", edited)
        code_digest.forget()
        assert trainer.origin(PACK, data) != own
    code_digest.forget()
    assert trainer.origin(PACK, data) == own


@pytest.mark.parametrize("damage", ["cut", "altered"])
def test_a_damaged_checkpoint_in_the_scratch_folder_is_said_and_made_again(
    data, uninterrupted, tmp_path, monkeypatch, caplog, damage
):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_at_rename(patch, 8, after=True)
        trainer.train(PACK, data, tmp_path)
    _, path = checkpoints.steps_in(tmp_path / "checkpoints")[-1]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content[: -10 if damage == "cut" else None])
    caplog.set_level("INFO")
    assert_ends_like(uninterrupted, data, tmp_path)
    assert f"{path}: its content is not what was written" in caplog.text
    assert steps_gone_on_from(caplog) == [4]


@pytest.mark.parametrize("serial", [True, False])
def test_halted_at_any_step(data, tmp_path, monkeypatch, serial):
    """Between checkpoints too, with some runs of the pack taken on and others not yet."""
    initialise = trainer.Trainer.__init__

    def chosen(self, *args, **options):
        initialise(self, *args, **options)
        self.serial = serial

    monkeypatch.setattr(trainer.Trainer, "__init__", chosen)
    expected, history, _ = trainer.train(PACK, data, tmp_path / "whole")
    steps = 12 * len(PACK["runs"]) if serial else 12
    for asked in range(1, steps):
        calls = []

        def halted(calls=calls, asked=asked):
            calls.append(None)
            return len(calls) == asked

        scratch = tmp_path / str(asked)
        try:
            trainer.train(PACK, data, scratch, halted=halted)
        except trainer.Stopped:
            assert list(scratch.glob("state_*.safetensors"))
        else:
            assert len(calls) < asked  # a diverged run takes no more steps, and is not asked
        folder, rows, _ = trainer.train(PACK, data, scratch)
        assert content(folder) == content(expected)
        tables = (history_table(found) for found in (rows, history))
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_resumed_tensors_may_be_changed_and_their_file_is_not(tmp_path):
    checkpoints.write(tmp_path / "state", {"params": torch.zeros(2, 3)}, {})
    before = (tmp_path / "state").read_bytes()
    tensors, _ = checkpoints.read(tmp_path / "state")
    tensors["params"].add_(1)
    assert (tmp_path / "state").read_bytes() == before
