"""Schedules against torch's, step by step."""

import pytest
import torch
from torch.optim import lr_scheduler

from latephase.runs import parts

STEPS = 40


def theirs(make, steps=STEPS, lr=0.3):
    """The learning rate of each step under one of torch's schedulers."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return [rate / lr for rate in rates]


def ours(name, steps=STEPS, **arguments):
    part = parts.load("schedule", name)
    return [part.factor(step, steps, **arguments) for step in range(steps)]


@pytest.mark.parametrize(("milestones", "factor"), [([13, 26], 0.1), ([1], 0.5), ([7, 8, 50], 2.0)])
def test_steps(milestones, factor):
    expected = theirs(lambda o: lr_scheduler.MultiStepLR(o, milestones, factor))
    assert ours("steps", milestones=milestones, factor=factor) == pytest.approx(expected, rel=1e-12)


def test_cosine_without_warm_up():
    expected = theirs(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.003))
    assert ours("cosine", final=0.01) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("warmup", [0.05, 0.5])
def test_cosine_after_a_warm_up(warmup):
    rising = round(warmup * STEPS)

    def make(optimizer):
        return lr_scheduler.SequentialLR(
            optimizer,
            [
                lr_scheduler.LinearLR(optimizer, 1e-4, 1.0, rising),
                lr_scheduler.CosineAnnealingLR(optimizer, STEPS - rising, eta_min=0.003),
            ],
            [rising],
        )

    found = ours("cosine", warmup=warmup, initial=1e-4, final=0.01)
    assert found == pytest.approx(theirs(make), rel=1e-9)
    assert found[0] == 1e-4
    assert found[rising] == 1


@pytest.mark.parametrize("warmup", [0.0, 0.01, 1.0])
def test_cosine_of_few_steps(warmup):
    assert all(0 <= factor <= 1 for factor in ours("cosine", 3, warmup=warmup))
