"""Mistakes that a user can mend, told in one line."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 300
"""Letters without a blank that are told whole."""


class UserError(Exception):
    """A mistake in a file, key or value that the user gave; the message is one line.

    What of it a terminal would not print as it is stands escaped, and what is very long is cut.
    """

    def __init__(self, line: str):
        escaped = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        super().__init__(re.sub(rf"\S{{{LONGEST},}}", lambda found: f"{found[0][:80]}…", escaped))


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
    # One write, newline and all: the lines of jobs that end at the same time stay apart.
    sys.stderr.write(f"error: {line}\n")
    sys.exit(1)
