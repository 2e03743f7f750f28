"""Trainings against the loops that a user writes with torch."""

import pytest
import torch
from torch.optim import lr_scheduler

from latephase.runs import parts, spec
from latephase.runs.packs import pack_of
from latephase.training import trainer
from latephase.training.trainer import Trainer
from tests.training import packs
from tests.training.advanced import trained
from tests.training.packs import KINDS
from tests.training.plain_loop import plain_loop
from tests.training.together import Together


@pytest.mark.parametrize("kind", KINDS)
def test_equals_a_plain_loop(data, kind):
    pack = packs.pack(*packs.SEVERAL, **KINDS[kind])
    rows = trained(pack, data, torch.float64)
    for run in spec.runs_of(pack):
        expected = plain_loop(run, data, 12, torch.float64)
        torch.testing.assert_close(rows[spec.run_id(run)], expected, rtol=1e-10, atol=1e-12)


SCHEDULE = {"schedule": {"name": "steps", "milestones": [3, 9], "factor": 0.25}}


@pytest.mark.parametrize("kind", [Trainer, Together])
@pytest.mark.parametrize("numbers", [packs.SEVERAL, packs.SEVERAL[:1]])
def test_a_training_follows_its_schedule_wherever_it_stops(data, kind, numbers):
    """As a plain loop with torch's scheduler: by the rate of the step, not of the checkpoint."""
    pack = packs.pack(*numbers, **packs.SGD, **SCHEDULE)
    engine = kind(pack, data, "cpu", torch.float64)
    state = engine.initial()
    for stop in (5, 10, 12):
        engine.advance(state, stop)
    for run, row in zip(spec.runs_of(pack), state.params, strict=True):
        alone = Trainer(pack_of([run]), data, "cpu", torch.float64)
        start = alone.initial()
        model = alone.model
        model.load_state_dict({n: v[0] for n, v in alone.layout.views(start.params).items()})
        optimizer = torch.optim.SGD(model.parameters(), **parts.arguments(run["optimizer"]))
        scheduler = lr_scheduler.MultiStepLR(optimizer, [3, 9], 0.25)
        orders = [trainer.epoch_order(run["seed"], epoch, 50).split(20) for epoch in range(4)]
        for index in [index for order in orders for index in order]:
            optimizer.zero_grad()
            (model(alone.inputs[index]) - alone.targets[index]).square().sum().backward()
            optimizer.step()
            scheduler.step()
        expected = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
        torch.testing.assert_close(row, expected, rtol=1e-9, atol=1e-11)


OPTIMIZERS = {"adamw": {}, "sgd": packs.SGD}


@pytest.mark.parametrize("kind", [Trainer, Together])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_of_weights_leaves_biases_alone(data, kind, optimizer):
    """As torch's parameter groups do, for each of a pack's decays."""
    pack = packs.pack(*packs.SEVERAL, **OPTIMIZERS[optimizer], decay_on="weights")
    engine = kind(pack, data, "cpu", torch.float64)
    state = engine.initial()
    engine.advance(state, 12)
    for run, row in zip(spec.runs_of(pack), state.params, strict=True):
        alone = Trainer(pack_of([run]), data, "cpu", torch.float64)
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
        orders = [trainer.epoch_order(run["seed"], epoch, 50).split(20) for epoch in range(4)]
        for index in [index for order in orders for index in order]:
            reference.zero_grad()
            (model(alone.inputs[index]) - alone.targets[index]).square().sum().backward()
            reference.step()
        expected = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
        torch.testing.assert_close(row, expected, rtol=1e-9, atol=1e-11)
