"""Files that appear complete or not at all."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to; then flush it and rename it to ``path``.

    If the writing fails, the temporary file is removed and an existing file at ``path`` is
    unchanged. If two processes write at the same time, each writes to a temporary file of its own,
    and the last one to end wins. A process that is killed leaves ``<path>.part``, which the next
    one overwrites.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    held = _hold(part)
    if held is None:
        part = path.with_name(f"{path.name}.{os.urandom(6).hex()}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        # A full disk is noticed while writing, when Python names no file.
        if isinstance(error, OSError) and error.errno and not error.filename:
            error.filename = str(path)
        raise
    finally:
        if held is not None:
            held.close()


def _hold(part: Path) -> BinaryIO | None:
    """Open the temporary file and lock it until it is closed; None if it is not available.

    It is not available if another process holds it, or if the file system has no locks. The lock is
    the kernel's, so it ends with its process.
    """
    try:
        file = part.open("ab")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), part.stat()):
            return file
    except (BlockingIOError, FileNotFoundError):  # held, or renamed since it was opened
        pass
    except OSError:  # no locks, so that nobody holds it
        part.unlink(missing_ok=True)
    file.close()
    return None
