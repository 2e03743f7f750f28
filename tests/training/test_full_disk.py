"""A training on a disk that is full."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from latephase.errors import reporting
from scripts import train
from tests.training.resuming import (
    FEW,
    arguments,
    assert_whole,
    newest_state,
    results,
    steps_gone_on_from,
)

pytestmark = pytest.mark.usefixtures("a_state_at_every_checkpoint", "no_waiting_for_the_disk")


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
