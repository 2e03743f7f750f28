"""Mistakes that a user can mend, told in one line."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake in a file, key or value that the user gave; the message is one line."""


@contextmanager
def reporting() -> Iterator[None]:
    """Print a :class:`UserError` as one line on stderr and exit with status 1.

    So too a disk without room: what was there stands, and the next call goes on from it.
    """
    try:
        yield
    except UserError as error:
        line = str(error)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        # Not its own text, to which pyarrow adds.
        reason = os.strerror(error.errno)
        line = f"{error.filename or 'a file'}: {reason}; make room and run again"
    else:
        return
    print(f"error: {line}", file=sys.stderr)
    sys.exit(1)
