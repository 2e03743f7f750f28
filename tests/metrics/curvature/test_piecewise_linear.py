"""Which networks are piecewise linear in which parameters, told from what they compute."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from latephase.metrics.curvature.mean_loss import Objective
from latephase.metrics.curvature.piecewise_linear import linear_parameters
from latephase.parts.losses import cross_entropy
from latephase.parts.models import mlp
from tests.metrics.curvature.networks import Attention, Residual, objective


def of(model, *shape):
    """The objective of a network on inputs of a shape."""
    inputs = torch.randn(2, *shape)
    arguments = inputs, torch.tensor([0, 1]), cross_entropy.per_sample
    return Objective(model, dict(model.named_parameters()), *arguments)


def between(activation):
    return nn.Sequential(nn.Linear(4, 6), activation, nn.Linear(6, 3))


class Function(nn.Module):
    """Two layers with a function between, which no module shows."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.first, self.second = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.second(self.function(self.first(x)))


PIECEWISE = {
    "ours": (mlp.Model([4], 3, [5, 6]), (4,)),
    "identity": (between(nn.Identity()), (4,)),
    "relu": (between(nn.ReLU()), (4,)),
    "in place": (between(nn.ReLU(inplace=True)), (4,)),
    "leaky": (between(nn.LeakyReLU()), (4,)),
    "relu6": (between(nn.ReLU6()), (4,)),
    "hardtanh": (between(nn.Hardtanh()), (4,)),
    "learned slope": (between(nn.PReLU()), (4,)),
    "dropout": (between(nn.Dropout()), (4,)),
    "a function": (Function(torch.relu), (4,)),
    "a method": (Function(torch.Tensor.abs), (4,)),
    "clamp": (Function(lambda x: x.clamp(-1, 1)), (4,)),
    "where": (Function(lambda x: torch.where(x > 0, x, 0.1 * x)), (4,)),
    "maximum": (Function(lambda x: torch.maximum(x, x.flip(1))), (4,)),
    "sorted halves": (Function(lambda x: torch.cat([x[:, :3], x[:, 3:].relu()], 1)), (4,)),
    "images": (
        nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1),
            nn.BatchNorm2d(3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 4, 2, padding=1, padding_mode="reflect"),
            nn.AvgPool2d(2),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, 3),
        ),
        (2, 8, 8),
    ),
}

SMOOTH = {
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "hardswish": nn.Hardswish(),
    "softplus": nn.Softplus(),
    "elu": nn.ELU(),
    "layer norm": nn.LayerNorm(6, elementwise_affine=False),
    "softmax": nn.Softmax(1),
}

SMOOTH_FUNCTIONS = {
    "square": lambda x: x * x,
    "power": lambda x: x**2,
    "gated": lambda x: x * x.roll(1, 1).relu(),
    "quotient": lambda x: x / (1 + x.abs()),
    "norm": lambda x: x / x.norm(dim=1, keepdim=True),
    "attention": lambda x: (x[:, :, None] @ x[:, None, :]).sum(1),
    "hidden in a function": torch.tanh,
}


@pytest.mark.parametrize("name", PIECEWISE)
def test_piecewise_linear_in_all_parameters(name):
    model, shape = PIECEWISE[name]
    assert linear_parameters(of(model, *shape)) == {n for n, _ in model.named_parameters()}


@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_module_leaves_what_comes_after_it(name):
    assert linear_parameters(of(between(SMOOTH[name]), 4)) == {"2.weight", "2.bias"}


@pytest.mark.parametrize("name", SMOOTH_FUNCTIONS)
def test_a_smooth_function_is_seen_without_a_module(name):
    found = linear_parameters(of(Function(SMOOTH_FUNCTIONS[name]), 4))
    assert found == {"second.weight", "second.bias"}


def test_statistics_of_the_batch_bend():
    """They are used in evaluation mode, too, where there are no others."""
    norm = nn.BatchNorm2d(3, track_running_stats=False)
    model = nn.Sequential(nn.Conv2d(1, 3, 2), norm, nn.Flatten(), nn.Linear(12, 3))
    found = linear_parameters(of(model, 1, 3, 3))
    assert not found & {"0.weight", "0.bias"}
    assert {"3.weight", "3.bias"} <= found


def test_networks_of_the_other_tests():
    residual = objective(Residual)
    assert linear_parameters(residual) == set(residual.parameters)
    assert linear_parameters(objective(Attention)) == {"head.weight", "head.bias"}


class Gated(nn.Module):
    """A product of two branches: linear in either's parameters, not in those before both."""

    def __init__(self):
        super().__init__()
        self.before, self.left, self.right = nn.Linear(4, 5), nn.Linear(5, 3), nn.Linear(5, 3)

    def forward(self, x):
        x = self.before(x)
        return self.left(x) * self.right(x)


class Shared(nn.Module):
    """One matrix in two layers, one on top of the other or side by side."""

    def __init__(self, on_top):
        super().__init__()
        self.on_top, self.shared, self.head = on_top, nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        x = self.shared(self.shared(x).relu()) if self.on_top else self.shared(x) + self.shared(-x)
        return self.head(x.relu())


def test_a_product_bends_what_its_operands_share():
    sides = {f"{side}.{kind}" for side in ("left", "right") for kind in ("weight", "bias")}
    assert linear_parameters(of(Gated(), 4)) == sides
    head = {"head.weight", "head.bias"}
    assert linear_parameters(of(Shared(on_top=True), 4)) == head
    both = {"shared.weight", "shared.bias"}
    assert linear_parameters(of(Shared(on_top=False), 4)) == head | both


def test_a_divisor_is_not_linear_even_alone():
    class Divided(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 3)
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return functional.relu(self.first(x)) / self.scale

    assert "scale" not in linear_parameters(of(Divided(), 4))
