"""What a network puts out on many samples: in evaluation mode, some at a time."""

import pytest
import torch
from torch import nn

from latephase.parts import network
from latephase.parts.network import build_model
from tests.training import packs


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("model", "most"), [("cnn", 512), ("mlp", 8192)])
def test_an_evaluation_of_maps_takes_fewer_samples_at_once(model, most):
    changes = packs.CNN if model == "cnn" else {}
    built, seen = build_model(packs.run(**changes), {"shape": [1, 2, 2], "classes": 10}), []
    built.head.register_forward_hook(lambda _, args, __: seen.append(len(args[0])))
    inputs, tensors = torch.zeros(9000, 1, 2, 2), built.state_dict()
    found = network.logits(built, tensors, inputs)
    assert max(seen) == most
    assert len(found) == sum(seen) == 9000


def test_outputs_do_not_depend_on_the_chunks(monkeypatch):
    model = network.build_model(packs.run(), {"shape": [1, 8, 8], "classes": 10}).double()
    inputs, parameters = random(50, 1, 8, 8), dict(model.named_parameters())
    features = network.features(model, parameters, inputs)
    logits = network.logits(model, parameters, inputs)
    torch.testing.assert_close(logits, model(inputs).detach())
    torch.testing.assert_close(features, model.features(inputs).detach())
    monkeypatch.setattr(network, "CHUNK", 7)
    for again, expected in ((network.features, features), (network.logits, logits)):
        found = again(model, parameters, inputs)
        assert not found.requires_grad
        torch.testing.assert_close(found, expected)


class WithBatchNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.head = nn.BatchNorm1d(5), nn.Linear(5, 3)

    def features(self, x):
        return self.norm(x)


def test_kong_measures_in_training_mode():
    """kongwanbianjinyu never calls eval(): features then depend on the batch, and move its norm."""
    model = WithBatchNorm().double().train()
    inputs = random(12, 5) + 3
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    parameters = dict(model.named_parameters())
    whole = network.features(model, parameters, inputs)
    alone = torch.cat([network.features(model.train(), parameters, x[None]) for x in inputs])
    assert torch.equal(whole, alone)
    torch.testing.assert_close(whole, inputs / (1 + model.norm.eps) ** 0.5)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
