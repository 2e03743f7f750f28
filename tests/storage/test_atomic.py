"""Two processes that write one file, and processes that are killed while they write."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from latephase.storage.atomic import replacing

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from latephase.storage.atomic import replacing
with replacing(Path(sys.argv[1])) as part, part.open("wb", buffering=0) as file:
    for line in sys.stdin:
        file.write(line.encode())
        print("written", flush=True)
"""
"""Writes each line that it is given, at once, until there are no more."""
OFTEN = """
import sys
from pathlib import Path
from latephase.storage.atomic import replacing
for _ in range(500):
    with replacing(Path(sys.argv[1])) as part, part.open("wb", buffering=0) as file:
        for _ in range(10):
            file.write(sys.argv[2].encode())
"""


@pytest.fixture
def writer(tmp_path):
    """Starts a process that writes ``tmp_path / "file"``."""
    begun = []

    def begin():
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path / "file")],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def write(process, line):
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "written\n"


def end(process):
    process.stdin.close()
    assert process.wait(120) == 0


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def no_locks(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.parametrize("last", [0, 1])
def test_two_processes_write_a_part_each(writer, tmp_path, last):
    both = writer(), writer()
    for line in "ab":
        for number, process in enumerate(both):
            write(process, line + str(number))
    end(both[1 - last])
    assert (tmp_path / "file").read_text() == f"a{1 - last}\nb{1 - last}\n"
    end(both[last])
    assert (tmp_path / "file").read_text() == f"a{last}\nb{last}\n"
    assert names(tmp_path) == ["file"]


def test_three_processes_write_as_often_as_they_can(tmp_path):
    path = tmp_path / "file"
    texts = ("a" * 1000, "b" * 2000, "c" * 3000)
    running = [
        subprocess.Popen([sys.executable, "-c", OFTEN, str(path), text], cwd=ROOT) for text in texts
    ]
    found = set()
    while any(process.poll() is None for process in running):
        if path.exists():
            found.add(path.read_text())
    assert [process.wait() for process in running] == [0, 0, 0]
    assert found <= {text * 10 for text in texts} and len(found) > 1
    assert names(tmp_path) == ["file"]


def test_what_a_killed_process_leaves_is_written_over(writer, tmp_path):
    killed = writer()
    write(killed, "a much longer line")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert names(tmp_path) == ["file.part"]
    with replacing(tmp_path / "file") as part:
        part.write_text("whole\n")
    assert (tmp_path / "file").read_text() == "whole\n"
    assert names(tmp_path) == ["file"]


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", no_locks)
    with replacing(tmp_path / "file") as ours, replacing(tmp_path / "file") as other:
        ours.write_text("ours")
        other.write_text("other's")
    assert (tmp_path / "file").read_text() == "ours"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("alone", [True, False])
def test_a_writer_that_fails_leaves_the_file_and_nothing_else(writer, tmp_path, alone):
    path = tmp_path / "file"
    path.write_text("before")
    other = None if alone else writer()
    if other:
        write(other, "other's")
    with pytest.raises(KeyboardInterrupt), replacing(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert names(tmp_path) == (["file"] if alone else ["file", "file.part"])
    if other:
        end(other)
        assert path.read_text() == "other's\n"


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match="No space") as told, replacing(tmp_path / "file"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert told.value.filename == str(tmp_path / "file")
