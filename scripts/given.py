"""Arguments that are too long for a command line. With ``-``, a program reads its standard input.

On Linux, one argument can have 128 KiB. A pack of 1,600 runs takes more, and so do the names of the
packs of a large study.
"""

import json
import sys
from typing import Any


def from_json(argument: str) -> Any:
    """The value of an argument in JSON. If the argument is ``-``, that of the standard input."""
    return json.loads(sys.stdin.read() if argument == "-" else argument)


def names(arguments: list[str]) -> list[str]:
    """The arguments. If ``-`` is the only one, the words of the standard input."""
    return sys.stdin.read().split() if arguments == ["-"] else arguments
