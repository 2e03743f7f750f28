"""Arguments that are JSON, or too long for a command line.

On Linux, one argument can have 128 KiB. A pack of 1,600 runs takes more, and so do the names of the
packs of a large study. So a program reads such an argument from its standard input if it is ``-``.
"""

import json
import sys
from typing import Any

from latephase.errors import UserError


def json_object(flag: str, text: str) -> dict[str, Any]:
    """The JSON object that a flag was given. Raises UserError where the text is no such object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{flag}: not JSON ({error}); allowed: a JSON object") from None
    if not isinstance(value, dict):
        raise UserError(f"{flag}: is {text[:80]}; allowed: a JSON object")
    return value


def from_json(argument: str) -> Any:
    """The value of an argument in JSON. If the argument is ``-``, that of the standard input."""
    return json.loads(sys.stdin.read() if argument == "-" else argument)


def names(arguments: list[str]) -> list[str]:
    """The arguments. If ``-`` is the only one, the words of the standard input."""
    return sys.stdin.read().split() if arguments == ["-"] else arguments
