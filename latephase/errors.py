"""Mistakes that a user can correct, reported in one line."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 300
"""The number of characters without a blank that are printed in full."""


class UserError(Exception):
    """A mistake in a file, key or value that the user gave. The message is one line.

    Characters that a terminal cannot print are escaped, and very long parts are shortened.
    """

    def __init__(self, line: str):
        escaped = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        super().__init__(re.sub(rf"\S{{{LONGEST},}}", lambda found: f"{found[0][:80]}…", escaped))


@contextmanager
def reporting() -> Iterator[None]:
    """Print a :class:`UserError` as one line on stderr, and exit with status 1.

    The same happens if the disk is full. Existing files are unchanged then, and the next call
    continues from them.
    """
    try:
        yield
    except UserError as error:
        line = str(error)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        # The error's own text is not used, because pyarrow adds to it.
        reason = os.strerror(error.errno)
        line = f"{error.filename or 'a file'}: {reason}; make room and run again"
    else:
        return
    # One write, including the newline, so that the lines of jobs that end at the same time do not
    # mix.
    sys.stderr.write(f"error: {line}\n")
    sys.exit(1)
