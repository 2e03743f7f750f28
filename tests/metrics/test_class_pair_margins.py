"""The margin between two classes against the geometry it stands for."""

import pytest
import torch

from latephase.metrics.class_pair_margins import margin
from scripts.extract.margins import chosen_steps


@pytest.fixture
def head():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return draw(40, 6), draw(4, 6), draw(4)


def test_signed_distance_to_the_boundary(head):
    """The nearest point with equal logits, found without the formula, is as far away."""
    features, weight, bias = head
    logits = features @ weight.T + bias
    found = margin(logits, weight, 1, 3)
    normal = weight[1] - weight[3]
    for feature, value in zip(features, found, strict=True):
        # g + t n lies on the boundary where t (n·n) = −(n·g + b_1 − b_3).
        t = -(normal @ feature + bias[1] - bias[3]) / (normal @ normal)
        foot = feature + t * normal
        equal = weight @ foot + bias
        assert equal[1].item() == pytest.approx(equal[3].item(), abs=1e-12)
        distance = (foot - feature).norm() * (1 if t < 0 else -1)
        assert value.item() == pytest.approx(distance.item(), rel=1e-12)


def test_positive_on_the_side_of_the_first_class_and_odd_under_exchange(head):
    features, weight, bias = head
    logits = features @ weight.T + bias
    found = margin(logits, weight, 0, 2)
    assert ((found > 0) == (logits[:, 0] > logits[:, 2])).all()
    torch.testing.assert_close(found, -margin(logits, weight, 2, 0))


def test_a_bias_shifts_the_boundary_the_right_way(head):
    """More bias for a class brings every sample nearer to it (the released notebook: farther)."""
    features, weight, bias = head
    before = margin(features @ weight.T + bias, weight, 0, 1)
    bias[0] += 1
    after = margin(features @ weight.T + bias, weight, 0, 1)
    torch.testing.assert_close(
        after - before, 1 / (weight[0] - weight[1]).norm() * torch.ones(40).double()
    )


def test_the_last_step_saved_at_or_before_each_wanted():
    assert chosen_steps([5, 100], [0, 1, 5, 9, 80, 120]) == [5, 80]
    assert chosen_steps([0, 3], [0, 1, 5]) == [0, 1]
    assert chosen_steps([7, 8], [0, 6, 9]) == [6]
