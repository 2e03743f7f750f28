"""One process at a time in a folder; the lock ends with its process."""

import errno
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from latephase.errors import UserError
from latephase.storage import lock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from latephase.storage.lock import alone

with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "scratch" / "P"


@pytest.fixture
def another(folder):
    """Starts another process that holds the folder for some seconds."""
    started = []

    def hold(seconds=60):
        words = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def left(folder):
    return os.listdir(folder.parent)


def test_nothing_is_left(folder):
    for _ in range(2):
        with lock.alone(folder):
            assert left(folder) == ["P.lock"]
        assert left(folder) == []
    with pytest.raises(ZeroDivisionError), lock.alone(folder):
        _ = 1 / 0
    assert left(folder) == []


def test_who_holds_it_is_named_in_one_line(folder, another, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.3)
    process = another()
    for _ in range(2):
        with pytest.raises(UserError) as error, lock.alone(folder):
            raise AssertionError("two at once")
        assert str(error.value) == (
            f"{folder}: process {process.pid} on {platform.node()} is working there; "
            "wait for it or end it, then run again"
        )


def test_one_that_ends_in_time_is_waited_for(folder, another):
    process = another(seconds=0.5)
    with lock.alone(folder):
        assert process.wait(120) == 0
        assert left(folder) == ["P.lock"]
    assert left(folder) == []


def test_the_lock_ends_with_a_process_that_is_killed(folder, another, monkeypatch):
    process = another()
    process.kill()
    process.wait()
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.3)
    # The name of the one that was killed still stands in the file.
    assert (folder.parent / "P.lock").read_text().startswith(f"{process.pid} on ")
    with lock.alone(folder):
        assert (folder.parent / "P.lock").read_text().split()[0] == str(os.getpid())
    assert left(folder) == []


def test_a_file_that_nobody_holds_does_not_block(folder, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.3)
    folder.parent.mkdir()
    (folder.parent / "P.lock").write_text("1 on the machine of last week, a longer name than ours")
    with lock.alone(folder):
        text = (folder.parent / "P.lock").read_text()
        assert text == f"{os.getpid()} on {platform.node()}\n"


def answering(monkeypatch, number):
    """The kernel answers a request for a lock by an error."""

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_holds_nothing(folder, monkeypatch, number, recwarn):
    answering(monkeypatch, number)
    with lock.alone(folder), lock.alone(folder):
        pass
    assert not recwarn.list


def test_another_error_is_not_hidden(folder, monkeypatch):
    answering(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"), lock.alone(folder):
        raise AssertionError("not held")
