"""Arguments that several programs take.

Linux lets one argument have 128 KiB. A pack of 1,600 runs has more, and so have the names of the
packs of a large study. So a program reads such an argument from its standard input where it is
``-``.
"""

import json
import sys
from typing import Any

from latephase.errors import UserError


def from_json(argument: str) -> Any:
    """What an argument says in JSON, or the standard input where the argument is ``-``."""
    return json.loads(sys.stdin.read() if argument == "-" else argument)


def names(arguments: list[str]) -> list[str]:
    """The arguments, or the words of the standard input where ``-`` is the only argument."""
    return sys.stdin.read().split() if arguments == ["-"] else arguments


def device(argument: str) -> str:
    """A device of torch's. Raises UserError where this machine has no such GPU."""
    import torch

    kind, _, index = argument.partition(":")
    if kind == "cuda" and int(index or 0) >= (count := torch.cuda.device_count()):
        raise UserError(
            f"--device is {argument}, and torch {torch.__version__} finds {count} GPUs here; "
            "allowed: cpu, or a GPU that is there"
        )
    return argument
