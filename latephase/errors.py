"""Mistakes that a user can mend, told in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UserError(Exception):
    """A mistake in a file, key or value that the user gave; the message is one line."""


@contextmanager
def reporting() -> Iterator[None]:
    """Print a :class:`UserError` as one line on stderr and exit with status 1."""
    try:
        yield
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
