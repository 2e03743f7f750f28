"""The network of sakamoto2026's Theorem 4.3: its activation, and no bias."""

import math

import pytest
import torch

from latephase.parts.models import smooth_mlp


@pytest.mark.parametrize(("slope", "sharpness"), [(0.1, 4.0), (0.5, 1.0), (1.0, 3.0)])
def test_the_activation(slope, sharpness):
    model = smooth_mlp.Model([3], 2, [4], slope, sharpness)
    x = torch.linspace(-9, 9, 721, dtype=torch.float64, requires_grad=True)
    value = model.activation(x)
    soft = torch.log1p(torch.exp(sharpness * x)) - math.log(2)
    torch.testing.assert_close(value, slope * x + (1 - slope) * soft / sharpness)
    assert model.activation(torch.zeros(1)).item() == pytest.approx(0, abs=1e-7)
    (derivative,) = torch.autograd.grad(value.sum(), x)
    assert derivative.min() >= slope - 1e-6
    assert derivative.max() <= 1 + 1e-12


def test_the_network_by_hand():
    torch.manual_seed(0)
    model = smooth_mlp.Model([1, 2, 2], 3, [5, 4], 0.2, 2.0, init_scale=3.0).double()
    assert [name for name, _ in model.named_parameters()] == [
        "hidden.0.weight",
        "hidden.1.weight",
        "head.weight",
    ]
    x = torch.randn(6, 1, 2, 2, dtype=torch.float64)
    first, second, head = model.parameters()
    out = model.activation(model.activation(x.flatten(1) @ first.T) @ second.T)
    torch.testing.assert_close(model.features(x), out)
    torch.testing.assert_close(model(x), out @ head.T)
    assert 1.2 < first.abs().max().item() <= 1.5  # three times torch's 1/2
