"""Allow only one process at a time in a folder."""

import errno
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from latephase.errors import UserError

PATIENCE_SECONDS = 30.0
"""How long to wait for another process, which may be about to end."""
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""The kernel's error codes on a file system without locks."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold ``<folder>.lock`` for the body of a ``with``.

    Raises UserError if another process keeps holding it.

    If a Snakemake is killed by force, its trainings go on. The next Snakemake would start them a
    second time in the same folder. The lock is the kernel's, so it ends with its process, however
    that process ends. On a file system without locks, nothing is locked.
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
            # The file is removed while the lock is held, so it is our own. A process that waits
            # for it notices that the file is gone and makes another.
            path.unlink(missing_ok=True)
            lock.release()


def _sign(file: int) -> None:
    """Write into the lock file which process holds it."""
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()} on {platform.node()}\n".encode(), 0)


def _holder(path: Path) -> str:
    """The process that holds a lock, according to its file."""
    try:
        return f"process {path.read_text().strip()}"
    except FileNotFoundError:
        return "another process"
