"""Weights from which a network starts: a file that a library saved, named by its checksum.

A spec names weights by the sha256 of their file. So a run is the same wherever the file came from,
and another file is another run. The name of the file is its sha256 too (rule ``prepare_weights``).
"""

import hashlib
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from latephase.errors import UserError
from latephase.runs.weights import file_of


def fill(network: nn.Module, weights: str | None, prefix: str) -> None:
    """Load the weights that a spec names into a network; without weights, it stays as it is.

    ``prefix`` precedes the names in files of a larger network of which this one is a part. Other
    tensors in such a file, such as those of another head, are ignored. Raises UserError if the file
    does not exist, does not fit its name, or lacks a tensor of the network.
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
