"""Schedules against torch's, step by step, and in the engine."""

import pytest
import torch
from torch.optim import lr_scheduler

from latephase import parts, spec, training
from latephase.datasets import stored
from tests import packs
from tests.test_training import Together

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


@pytest.fixture(scope="module")
def data(digits_file):
    torch.set_num_threads(1)
    return stored.load(digits_file, **parts.arguments(packs.run()["data"]))


SCHEDULE = {"schedule": {"name": "steps", "milestones": [3, 9], "factor": 0.25}}


@pytest.mark.parametrize("kind", [training.Trainer, Together])
@pytest.mark.parametrize("numbers", [packs.SEVERAL, packs.SEVERAL[:1]])
def test_a_training_follows_its_schedule_wherever_it_stops(data, kind, numbers):
    """As a plain loop with torch's scheduler: by the rate of the step, not of the checkpoint."""
    pack = packs.pack(*numbers, **packs.SGD, **SCHEDULE)
    trainer = kind(pack, data, "cpu", torch.float64)
    state = trainer.initial()
    for stop in (5, 10, 12):
        trainer.advance(state, stop)
    for run, row in zip(spec.runs_of(pack), state.params, strict=True):
        alone = training.Trainer(spec.pack_of([run]), data, "cpu", torch.float64)
        start = alone.initial()
        model = alone.model
        model.load_state_dict({n: v[0] for n, v in alone.layout.views(start.params).items()})
        optimizer = torch.optim.SGD(model.parameters(), **parts.arguments(run["optimizer"]))
        scheduler = lr_scheduler.MultiStepLR(optimizer, [3, 9], 0.25)
        orders = [training.epoch_order(run["seed"], epoch, 50).split(20) for epoch in range(4)]
        for index in [index for order in orders for index in order]:
            optimizer.zero_grad()
            (model(alone.inputs[index]) - alone.targets[index]).square().sum().backward()
            optimizer.step()
            scheduler.step()
        expected = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
        torch.testing.assert_close(row, expected, rtol=1e-9, atol=1e-11)


OPTIMIZERS = {"adamw": {}, "sgd": packs.SGD}


@pytest.mark.parametrize("kind", [training.Trainer, Together])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_of_weights_leaves_biases_alone(data, kind, optimizer):
    """As torch's parameter groups do, for each of a pack's decays."""
    pack = packs.pack(*packs.SEVERAL, **OPTIMIZERS[optimizer], decay_on="weights")
    trainer = kind(pack, data, "cpu", torch.float64)
    state = trainer.initial()
    trainer.advance(state, 12)
    for run, row in zip(spec.runs_of(pack), state.params, strict=True):
        alone = training.Trainer(spec.pack_of([run]), data, "cpu", torch.float64)
        model, start = alone.model, alone.initial()
        model.load_state_dict({n: v[0] for n, v in alone.layout.views(start.params).items()})
        groups = [
            {"params": [p for p in model.parameters() if p.ndim > 1]},
            {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
        ]
        values = parts.arguments(run["optimizer"])
        if optimizer == "adamw":
            betas = values.pop("beta1"), values.pop("beta2")
            reference = torch.optim.AdamW(groups, betas=betas, **values)
        else:
            reference = torch.optim.SGD(groups, **values)
        orders = [training.epoch_order(run["seed"], epoch, 50).split(20) for epoch in range(4)]
        for index in [index for order in orders for index in order]:
            reference.zero_grad()
            (model(alone.inputs[index]) - alone.targets[index]).square().sum().backward()
            reference.step()
        expected = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
        torch.testing.assert_close(row, expected, rtol=1e-9, atol=1e-11)
