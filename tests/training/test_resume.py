"""A training that is killed, at any moment, ends in the bytes of one that was not."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
import torch

from latephase.datasets import stored
from latephase.errors import UserError, reporting
from latephase.runs import code_digest, parts
from latephase.storage import checkpoints
from latephase.training import trainer
from scripts import train
from tests import lives
from tests.training import packs

ROOT = Path(__file__).parents[2]
# Seven checkpoints, in the middle of epochs and at their ends; one run diverges on the way.
PACK = packs.pack(
    {"seed": 1},
    {"seed": 2, "optimizer.lr": 1e6},
    {"seed": 3},
    **packs.SGD,
    checkpoints={"every": [[12, 2]]},
)


class Killed(BaseException):
    """What nothing catches, as nothing catches kill -9."""


@pytest.fixture(scope="module")
def data(digits_file):
    torch.set_num_threads(1)
    return stored.load(digits_file, **parts.arguments(PACK["common"]["data"]))


@pytest.fixture(autouse=True)
def a_state_at_every_checkpoint(monkeypatch):
    monkeypatch.setattr(trainer, "STATE_SECONDS", -1.0)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """A killed process, unlike a machine without power, needs no flush."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def uninterrupted(data, tmp_path_factory):
    folder, history, _ = trainer.train(PACK, data, tmp_path_factory.mktemp("whole"))
    return content(folder), history_table(history)


def history_table(rows: list[dict]) -> pd.DataFrame:
    """A history, a row a run and step, in the order of both."""
    return pd.DataFrame(rows).sort_values(["run", "step"], ignore_index=True)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


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


def steps_gone_on_from(caplog):
    return [
        int(record.getMessage().split()[-1])
        for record in caplog.records
        if record.getMessage().startswith("going on from step")
    ]


@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_truncated_state_falls_back_to_the_one_before(
    data, uninterrupted, tmp_path, monkeypatch, caplog, kept
):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_at_rename(patch, 8, after=True)
        trainer.train(PACK, data, tmp_path)
    *_, older, newest = sorted(tmp_path.glob("state_*"))
    newest.write_bytes(newest.read_bytes()[: int(kept * newest.stat().st_size)])
    caplog.set_level("INFO")
    assert_ends_like(uninterrupted, data, tmp_path)
    assert steps_gone_on_from(caplog) == [int(older.stem.split("_")[1])] == [4]
    assert "cannot be read" in caplog.text


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
    read = Path.read_text

    def edited(path):
        return read(path) + "FASTER = True\n" * (path.name == "sgd.py")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_text", edited)
        code_digest.forget()
        assert trainer.origin(PACK, data) != own
    code_digest.forget()
    assert trainer.origin(PACK, data) == own


def arguments(digits_file, folder, pack=PACK):
    flags = {
        "pack": json.dumps(pack),
        "data": digits_file,
        "scratch": folder / "scratch/P",
        "checkpoints": folder / "P/checkpoints",
        "history": folder / "P/history.parquet",
        "timing": folder / "P/timing.json",
    }
    return [str(word) for flag, value in flags.items() for word in (f"--{flag}", value)]


def test_killed_while_the_program_puts_its_results_in_place(
    digits_file, uninterrupted, tmp_path, monkeypatch
):
    """At each rename and each removal after the training, then again whole."""
    for call in ("history.parquet", "timing.json", "P/checkpoints", "scratch/P"):
        folder = tmp_path / call.replace("/", "-")
        rename, remove = os.replace, shutil.rmtree

        def replace(source, target, call=call, rename=rename):
            rename(source, target)
            if str(target).endswith(call):
                raise Killed

        def rmtree(path, *rest, call=call, remove=remove, **options):
            if str(path).endswith(call):
                raise Killed
            remove(path, *rest, **options)

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(os, "replace", replace)
            if call == "scratch/P":
                patch.setattr(shutil, "rmtree", rmtree)
            train.main(arguments(digits_file, folder))
        train.main(arguments(digits_file, folder))
        assert content(folder / "P/checkpoints") == uninterrupted[0]
        table = pd.read_parquet(folder / "P/history.parquet")
        pd.testing.assert_frame_equal(
            table, uninterrupted[1].reset_index(drop=True), check_exact=True
        )
        assert json.loads((folder / "P/timing.json").read_text())["device"] == "cpu"
        assert not (folder / "scratch/P").exists()
        assert not list(folder.rglob("*.part"))


@pytest.fixture(scope="module")
def placed(digits_file, tmp_path_factory):
    """What an uninterrupted program puts in place, of a pack: name to bytes."""

    @cache
    def made(pack):
        folder = tmp_path_factory.mktemp("placed")
        train.main(arguments(digits_file, folder, json.loads(pack)))
        return results(folder)

    return lambda pack: made(json.dumps(pack))


def results(folder):
    """Every file but timing.json, which tells the seconds that it took."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "timing.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


FEW = packs.pack({"seed": 1}, **packs.SGD, steps=4, checkpoints={"every": [[4, 2]]})


def test_kill_9_at_every_moment(digits_file, placed, tmp_path):
    """Before and after each thing that the program does to a file, and in the middle of writes."""
    for moment in itertools.count(1):
        folder = tmp_path / str(moment)
        words = arguments(digits_file, folder, FEW)
        process = lives.begin(words, moment)
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert_whole(folder, placed(FEW))
        train.main(words)
        assert results(folder) == placed(FEW), f"moment {moment}"
        assert list((folder / "scratch").iterdir()) == []
    assert moment > 40


def assert_whole(folder, expected):
    """Whatever has a final name is what belongs there."""
    for path in folder.rglob("*.safetensors"):
        checkpoints.read(path)
    found = {
        name: content
        for name, content in results(folder).items()
        if name.startswith("P/") and not name.endswith(".part")
    }
    assert found.items() <= expected.items()
    if (folder / "P/checkpoints").exists():
        assert found == expected


MANY = packs.pack(
    {"seed": 1}, {"seed": 2}, **packs.SGD, steps=6000, checkpoints={"every": [[6000, 150]]}
)
KILLS = 20


def test_kill_9_at_20_random_moments(digits_file, placed, tmp_path):
    """A training is killed and called again until it ends; then the next, until 20 kills."""
    chance, kills, reached = random.Random(4), 0, []
    expected, span = placed(MANY), life_span(digits_file, tmp_path / "timed")
    for life in itertools.count():
        folder = tmp_path / str(life)
        words = arguments(digits_file, folder, MANY)
        while kills < KILLS:
            process = lives.begin(words)
            process.join(chance.uniform(0, span / 3))
            process.kill()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            kills += 1
            reached.append(newest_state(folder))
            assert_whole(folder, expected)
        else:
            # The last of its lives is the program as it is called by the pipeline.
            subprocess.run([sys.executable, "-m", "scripts.train", *words], cwd=ROOT, check=True)
        assert results(folder) == expected
        assert list((folder / "scratch").iterdir()) == []
        if kills == KILLS:
            break
    assert len(set(reached) - {-1, 0}) > KILLS / 4, reached


def life_span(digits_file, folder):
    """The seconds that an uninterrupted training takes, its start included."""
    began = time.monotonic()
    process = lives.begin(arguments(digits_file, folder, MANY))
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - began


def test_two_do_not_train_in_one_folder(digits_file, placed, tmp_path, monkeypatch):
    """What a Snakemake that was killed by force leaves running, the next would start again."""
    monkeypatch.setattr("latephase.storage.lock.PATIENCE_SECONDS", 0.2)
    words = arguments(digits_file, tmp_path, ENDLESS)
    first = lives.begin(words)
    while newest_state(tmp_path) < 0:
        assert first.is_alive()
        time.sleep(0.02)
    words = arguments(digits_file, tmp_path, FEW)
    try:
        with pytest.raises(UserError, match=f"scratch/P: process {first.pid} on .* works there"):
            train.main(words)
    finally:
        first.kill()
        first.join()
    train.main(words)  # the lock went with its process
    assert results(tmp_path) == placed(FEW)


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
    assert f"{path}: not" in caplog.text
    assert steps_gone_on_from(caplog) == [4]


@pytest.fixture
def disk(tmp_path):
    """A file system of one's own: called with a size in kilobytes, it has that size."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(("mount", "-t", "tmpfs", "tmpfs", folder), capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")

    def resized(kilobytes):
        subprocess.run(("mount", "-o", f"remount,size={kilobytes}k", folder), check=True)
        return folder

    yield resized
    subprocess.run(("umount", folder), check=True)


def full(words, capfd):
    """The name of the file that a training found no room for, as it says; None if it ended."""
    try:
        with reporting():
            train.main(words)
    except SystemExit as stopped:
        assert stopped.code == 1
    else:
        return None
    (line,) = capfd.readouterr().err.splitlines()
    told = re.fullmatch(r"error: (/\S+): No space left on device; make room and run again", line)
    return Path(told[1]).name


def test_a_full_disk_is_said_and_what_was_saved_goes_on(digits_file, placed, disk, capfd, caplog):
    """Full at each page of what a training writes in turn, until it has enough."""
    caplog.set_level("INFO")
    without_room = set()
    for kilobytes in itertools.count(8, step=4):
        folder = disk(kilobytes)
        words = arguments(digits_file, folder, FEW)
        name = full(words, capfd)
        if name is None:
            break
        without_room.add(name)
        assert_whole(folder, placed(FEW))
        assert not list(folder.rglob("*.part"))
        saved = newest_state(folder) > 0
        disk(10_000)
        caplog.clear()
        train.main(words)
        assert bool(steps_gone_on_from(caplog)) == saved
        assert results(folder) == placed(FEW)
        for path in folder.iterdir():
            shutil.rmtree(path)
    assert {"step_000000004.safetensors", "state_000000004.safetensors"} <= without_room


def test_a_disk_that_is_full_at_the_end(digits_file, placed, disk, capfd, monkeypatch):
    """When all is trained, and only history and timing are to be written."""
    without_room, put_in_place = [], train.put_in_place
    for pages in itertools.count():
        folder = disk(100)
        words = arguments(digits_file, folder, FEW)

        def fill(*args, folder=folder, pages=pages):
            free = shutil.disk_usage(folder).free - 4096 * pages
            (folder / "filler").write_bytes(bytes(free))
            put_in_place(*args)

        monkeypatch.setattr(train, "put_in_place", fill)
        name = full(words, capfd)
        monkeypatch.setattr(train, "put_in_place", put_in_place)
        (folder / "filler").unlink()
        if name is None:
            break
        without_room.append(name)
        assert_whole(folder, placed(FEW))
        assert not list(folder.rglob("*.part"))
        train.main(words)
        assert results(folder) == placed(FEW)
        for path in folder.iterdir():
            shutil.rmtree(path)
    assert without_room[0] == "history.parquet"
    assert without_room[-1] == "timing.json"


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


ENDLESS = packs.pack(
    {"seed": 1}, {"seed": 2}, steps=20_000_000, checkpoints={"every": [[20_000_000, 10_000_000]]}
)


def test_sigterm_saves_and_ends(digits_file, tmp_path):
    """Within a stretch between two checkpoints that takes far longer than anyone would wait."""
    words = arguments(digits_file, tmp_path, ENDLESS)
    command = [sys.executable, "-m", "scripts.train", *words]
    reached = []
    for _ in range(2):
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            told = process.stderr.readline()
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            told += process.stderr.read()
            assert process.wait(60) == 128 + signal.SIGTERM
        assert "the state is saved" in told
        (path,) = (tmp_path / "scratch/P").glob("state_*.safetensors")
        reached.append(checkpoints.read(path)[1]["at"])
    assert 0 < reached[0][0] < reached[1][0] < 10_000_000
    assert reached[0][1] == reached[1][1] == 0


def newest_state(folder):
    steps = [int(path.stem[6:]) for path in (folder / "scratch/P").glob("state_*.safetensors")]
    return max(steps, default=-1)


def test_resumed_tensors_may_be_changed_and_their_file_is_not(tmp_path):
    checkpoints.write(tmp_path / "state", {"params": torch.zeros(2, 3)}, {})
    before = (tmp_path / "state").read_bytes()
    tensors, _ = checkpoints.read(tmp_path / "state")
    tensors["params"].add_(1)
    assert (tmp_path / "state").read_bytes() == before
