"""Weights that a network begins with, from a file that is called by what it holds."""

import hashlib

import pytest
import torch
from safetensors.torch import save
from torch import nn

from latephase.errors import UserError
from latephase.parts import pretrained
from latephase.runs.weights import FOLDER, file_of

TENSORS = {"weight": torch.arange(6.0).view(2, 3), "bias": torch.tensor([7.0, 8.0])}


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """Puts a file in its place; what a spec calls it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / FOLDER).mkdir(parents=True)

    def keep(content, digest=None):
        weights = f"sha256:{digest or hashlib.sha256(content).hexdigest()}"
        (tmp_path / file_of(weights)).write_bytes(content)
        return weights

    return keep


@pytest.mark.parametrize("prefix", ["", "inner."])
def test_a_network_gets_its_tensors_and_leaves_others_aside(keep, prefix):
    stored = {f"{prefix}{name}": tensor for name, tensor in TENSORS.items()}
    weights = keep(save(stored | {"head.weight": torch.ones(9)}))
    network = nn.Linear(3, 2)
    pretrained.fill(network, weights, "inner.")
    assert all(torch.equal(t, TENSORS[name]) for name, t in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_without_weights_a_network_stays_as_it_is():
    network = nn.Linear(3, 2)
    before = network.weight.clone()
    pretrained.fill(network, None, "")
    assert torch.equal(network.weight, before)


@pytest.mark.parametrize(
    "content, digest, said",
    [
        (save({"weight": TENSORS["weight"]}), None, ": has no tensor bias; allowed: weights of"),
        (
            save(TENSORS | {"bias": torch.ones(3)}),
            None,
            r": bias is of shape \[3\]; allowed: \[2\], the model's",
        ),
        (save(TENSORS), "0" * 64, ": is not what its name says; remove it and run again"),
        (b"nothing", None, ": not a readable safetensors file"),
    ],
)
def test_what_is_wrong_is_a_line(keep, content, digest, said):
    weights = keep(content, digest)
    with pytest.raises(UserError, match=f"^{FOLDER}/[0-9a-f]*.safetensors{said}"):
        pretrained.fill(nn.Linear(3, 2), weights, "")


def test_a_file_that_is_not_there_is_a_line(keep):
    with pytest.raises(UserError, match=r"cannot be read .*; the rule prepare_weights makes it"):
        pretrained.fill(nn.Linear(3, 2), f"sha256:{'1' * 64}", "")
