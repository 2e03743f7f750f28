"""The argument ``--device`` of the programs that compute with torch.

``python -m scripts.device cuda`` says in one line if this machine has no such GPU.
"""

import sys

import torch

from latephase.errors import UserError, reporting


def of_torch(argument: str) -> str:
    """The device, under torch's name. Raises UserError if this machine has no such GPU."""
    kind, _, index = argument.partition(":")
    if kind == "cuda" and int(index or 0) >= (count := torch.cuda.device_count()):
        raise UserError(
            f"--device is {argument}, but torch {torch.__version__} finds {count} GPUs here; "
            "allowed: cpu, or a GPU that exists"
        )
    return argument


if __name__ == "__main__":
    with reporting():
        of_torch(sys.argv[1])
