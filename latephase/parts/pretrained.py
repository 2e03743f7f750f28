"""Weights that a network begins with: a file that a library saved, called by what it holds.

A spec names weights by the sha256 of their file, so that a run is the same wherever they came from,
and another file is another run. The file lies under its own sha256 (rule ``prepare_weights``).
"""

import hashlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from latephase.errors import UserError
from latephase.runs.weights import file_of


def fill(network: nn.Module, weights: str | None, prefix: str) -> None:
    """Give a network the weights that a spec names; without any it stays as it is.

    ``prefix`` is what stands before the names in files of a larger network, of which this one is a
    part. Whatever else such a file holds, such as another head, is left aside. Raises UserError
    where the file is not there, is not what its name says, or lacks a tensor of the network.
    """
    if weights is None:
        return
    path = Path(file_of(weights))
    tensors = _read(path, weights)
    inner = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
    tensors = inner or tensors
    for name, parameter in network.named_parameters():
        if name not in tensors:
            raise UserError(f"{path}: has no tensor {name}; allowed: weights of such a network")
        found, wanted = list(tensors[name].shape), list(parameter.shape)
        if found != wanted:
            raise UserError(f"{path}: {name} is of shape {found}; allowed: {wanted}, the model's")
        parameter.data.copy_(tensors[name])


def _read(path: Path, weights: str) -> dict[str, Tensor]:
    try:
        content = path.read_bytes()
    except OSError as error:
        line = f"{path}: cannot be read ({error.strerror}); the rule prepare_weights makes it"
        raise UserError(line) from None
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != weights:
        raise UserError(f"{path}: is not what its name says; remove it and run again")
    try:
        return load(content)
    except SafetensorError as error:
        raise UserError(f"{path}: not a readable safetensors file ({error})") from None
