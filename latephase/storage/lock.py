"""One process at a time in a folder."""

import fcntl
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latephase.errors import UserError

PATIENCE_SECONDS = 30.0
"""As long as one that was told to end may take for it."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold ``<folder>.lock`` while at work; wait a while for another that does, then UserError.

    A Snakemake that is killed by force leaves its trainings running; the next would start them a
    second time, in the same folder. The lock is the kernel's and ends with its process, however
    that ends. On a file system that has no locks nothing is held.
    """
    path = folder.with_name(folder.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (file := _held(path)) is None:
        if time.monotonic() > deadline:
            raise UserError(
                f"{folder}: process {path.read_text().strip()} works there; "
                "wait for it, or end it, and run again"
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _held(path: Path) -> int | None:
    """The lock file, open and locked; None where another process has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except OSError:
        return file
    # Its holder may have removed it, and a third made it anew, since it was opened here.
    if os.fstat(file).st_nlink == 0:
        os.close(file)
        return None
    os.ftruncate(file, 0)
    os.write(file, f"{os.getpid()} on {platform.node()}\n".encode())
    return file
