"""Arguments that a command line has no room for: a program reads ``-`` from its standard input.

Linux lets one argument have 128 KiB. A pack of 1,600 runs has more, and so have the names of the
packs of a large study.
"""

import json
import sys
from typing import Any


def from_json(argument: str) -> Any:
    """What an argument says in JSON, or the standard input where the argument is ``-``."""
    return json.loads(sys.stdin.read() if argument == "-" else argument)


def names(arguments: list[str]) -> list[str]:
    """The arguments, or the words of the standard input where ``-`` is the only argument."""
    return sys.stdin.read().split() if arguments == ["-"] else arguments
