"""What the released code of Petzka 2021 computes: its numbers, and its oddities."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.representativeness.samples import (
    LOSSES,
    loss_of,
    measure,
    sample,
)


def released_sample():
    grid = lambda n, s: torch.sin(s * torch.arange(1, 5 * n + 1).double() ** 1.5).view(n, 5) * 2  # noqa: E731
    weight, bias = grid(3, 0.3), torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64)
    a, b = grid(12, 1.0), grid(7, 0.7)
    train = (a, a @ weight.T + bias, torch.arange(12) % 3)
    return train, (b, b @ weight.T + bias, 2 * torch.arange(7) % 3), weight


@pytest.mark.parametrize(
    ("loss", "value"), [("cross_entropy", 0.9175688014002181), ("mse", 64.77438691183724)]
)
def test_what_the_released_file_gives(loss, value):
    """The numbers are approximateIntViaVKDE_singleRound's, run on these samples with KDEpy 1.1.12
    (interpolatingness.py of kampmichael/RelativeFlatnessAndGeneralization), delta = 0.02."""
    metrics = measure(*released_sample(), loss)
    assert metrics["representativeness_released"] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_delta_cancels_in_the_released_formula(loss):
    """KDEpy, which interpolatingness.py hands its weights delta |phi| to, scales them to sum 1."""
    train, test, weight, _ = sample()
    small, large = (measure(train, test, weight, loss, delta) for delta in (0.02, 7.0))
    assert small["representativeness_released"] == large["representativeness_released"]
    assert small["representativeness_weighted"] > large["representativeness_weighted"]
    assert small["representativeness"] > large["representativeness"]


def test_the_released_sum_is_divided_by_n_twice():
    """Every training sample twice over is the same distribution, but halves the kernels' share in
    interpolatingness.py, whose weights sum to 1 and are averaged on top of it."""
    train, test, weight, _ = sample()
    twice = tuple(torch.cat([t, t]) for t in train)
    once, doubled = measure(train, test, weight), measure(twice, test, weight)
    name = "representativeness_released_kernel"
    assert doubled[name] == pytest.approx(once[name] / 2, rel=1e-12, abs=0)
    name = "representativeness_weighted"
    assert doubled[name] == pytest.approx(once[name], rel=1e-12, abs=0)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10), loss=st.sampled_from(LOSSES))
def test_the_released_number_is_the_test_loss(seed, scale, loss):
    """Up to max l / (sqrt(2 pi) N): in interpolatingness.py the kernels hardly count."""
    train, test, weight, _ = sample(seed, scale=scale)
    metrics = measure(train, test, weight, loss)
    _, z, y = (t.numpy() for t in test)
    test_loss = np.mean([loss_of(*pair, loss) for pair in zip(z, y, strict=True)])
    largest = max(loss_of(z, y, loss) for z in train[1].numpy() for y in range(4))
    kernel = metrics["representativeness_released_kernel"]
    assert metrics["representativeness_released"] + kernel == pytest.approx(test_loss, rel=1e-12)
    assert 0 < kernel <= largest / math.sqrt(2 * math.pi) / len(train[2])


def test_the_released_kernel_by_hand():
    """The distance is rooted before the Gaussian (interpolatingness.py), and the loss is that of
    the training sample's logits with the test sample's label."""
    train = (torch.tensor([[3.0, 4.0]]), torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    test = (torch.tensor([[3.0, -5.0]]), torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    metrics = measure(train, test, torch.ones(2, 2))
    kernel = math.exp(-9 / 2) / math.sqrt(2 * math.pi)  # distance 9; of a Gaussian exp(-81/2)
    loss = math.log1p(math.exp(2))
    name = "representativeness_released_kernel"
    assert metrics[name] == pytest.approx(kernel * loss, rel=1e-12, abs=0)
    weighted = math.log(2) - 0.02 * 5 * kernel * loss
    assert metrics["representativeness_weighted"] == pytest.approx(weighted, rel=1e-12)
