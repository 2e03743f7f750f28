"""The argument ``--device`` of the programs that compute with torch."""

import torch

from latephase.errors import UserError


def of_torch(argument: str) -> str:
    """A device of torch's. Raises UserError where this machine has no such GPU."""
    kind, _, index = argument.partition(":")
    if kind == "cuda" and int(index or 0) >= (count := torch.cuda.device_count()):
        raise UserError(
            f"--device is {argument}, and torch {torch.__version__} finds {count} GPUs here; "
            "allowed: cpu, or a GPU that is there"
        )
    return argument
