"""Allow one process at a time in a folder."""

import errno
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from latephase.errors import UserError

PATIENCE_SECONDS = 30.0
"""How long to wait for a process that may be about to end, in seconds."""
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""The kernel's answers on a file system that has no locks."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold ``<folder>.lock`` while at work. Raises UserError if another process keeps holding it.

    A Snakemake that is killed by force leaves its trainings running. The next one would start them
    a second time in the same folder. The lock is the kernel's, so it ends with its process, however
    that process ends. On a file system without locks, nothing is held.
    """
    path = folder.with_name(folder.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    # With this hook, filelock does not fall back to another sort of lock if the kernel's is not
    # available: that one would outlive its process.
    lock = FileLock(path, timeout=PATIENCE_SECONDS, poll_interval=0.1, on_acquired=_sign)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"{folder}: {_holder(path)} is working there; wait for it or end it, then run again"
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield
    finally:
        if lock.is_locked:
            # This is done while the lock is held, so that the file is our own. A process that waits
            # for it notices that the file is gone and makes another.
            path.unlink(missing_ok=True)
            lock.release()


def _sign(file: int) -> None:
    """Write into the lock file which process holds it."""
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()} on {platform.node()}\n".encode(), 0)


def _holder(path: Path) -> str:
    """The process that holds a lock, as its file says."""
    try:
        return f"process {path.read_text().strip()}"
    except FileNotFoundError:
        return "another process"
