"""Arguments that are more than a word.

Linux lets one argument have 128 KiB. A pack of 1,600 runs has more, and so have the names of the
packs of a large study. So a program can read such an argument from its standard input, if the
command line says ``-``.
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
    """What an argument says in JSON, or the standard input where the argument is ``-``."""
    return json.loads(sys.stdin.read() if argument == "-" else argument)


def names(arguments: list[str]) -> list[str]:
    """The arguments, or the words of the standard input where ``-`` is the only argument."""
    return sys.stdin.read().split() if arguments == ["-"] else arguments
