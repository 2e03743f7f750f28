"""Trainings whose settings change on the way, against the loops that a user writes."""

import math

import pytest
import torch
from torch.nn import functional

from latephase.parts.augmentations import crop_flip
from latephase.parts.regularizers import flatness_bound, ncc
from latephase.runs import spec
from latephase.runs.derived_seed import derived_seed
from latephase.runs.packs import pack_of
from latephase.training import trainer
from latephase.training.trainer import Trainer
from tests.training import packs
from tests.training.advanced import trained
from tests.training.together import Together

ENGINES = pytest.mark.parametrize("kind", [Trainer, Together])
SGD = packs.SGD | packs.CROSS_ENTROPY
STRENGTHS = ({"seed": 1}, {"seed": 2}, {"seed": 2, "regularizer.strength": 0.3})


def loop(run, data, take):
    """A plain loop over all steps: ``take(step, model, optimizer, x, y, index)`` does each."""
    alone = Trainer(pack_of([run]), data, "cpu", torch.float64)
    model, start = alone.model, alone.initial()
    model.load_state_dict({n: v[0] for n, v in alone.layout.views(start.params).items()})
    given = run["optimizer"]
    optimizer = torch.optim.SGD(
        model.parameters(), given["lr"], given["momentum"], weight_decay=given["weight_decay"]
    )
    orders = [trainer.epoch_order(run["seed"], epoch, 50).split(20) for epoch in range(4)]
    for step, index in enumerate([index for order in orders for index in order]):
        take(step, model, optimizer, alone.inputs[index], data.train_labels[index], index)
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def descend(optimizer, value):
    optimizer.zero_grad()
    value.backward()
    optimizer.step()


def compare(pack, data, kind, take, stops=(3, 7, 12)):
    rows = trained(pack, data, torch.float64, kind, stops)
    for run in spec.runs_of(pack):
        expected = loop(run, data, take(run))
        torch.testing.assert_close(rows[spec.run_id(run)], expected, rtol=1e-9, atol=1e-11)


def batch_ncc(model, x, y):
    return ncc.penalty(model.features(x), None, functional.one_hot(y, 10).double(), None)


@ENGINES
def test_a_regulariser_that_is_unplugged(data, kind):
    """With another rate, decay and a schedule from then on: as han2025 does it."""
    pack = packs.pack(
        *STRENGTHS,
        **SGD,
        regularizer={"name": "ncc", "strength": -0.02},
        interventions=[
            {
                "step": 5,
                "regularizer": None,
                "optimizer": {"lr": 0.01, "weight_decay": 0.1},
                "schedule": {"name": "cosine", "warmup": 0.0, "initial": 0.0, "final": 0.0},
            }
        ],
    )

    def take(run):
        def of_step(step, model, optimizer, x, y, index):
            value = functional.cross_entropy(model(x), y)
            if step < 5:
                value = value + run["regularizer"]["strength"] * batch_ncc(model, x, y)
            else:
                group = optimizer.param_groups[0]
                group["lr"] = 0.01 * (1 + math.cos(math.pi * (step - 5) / 7)) / 2
                group["weight_decay"] = 0.1
            descend(optimizer, value)

        return of_step

    compare(pack, data, kind, take)


@ENGINES
def test_away_from_flatness_within_a_cap_at_a_temperature(data, kind):
    pack = packs.pack(
        {"seed": 1}, {"seed": 2}, **SGD, temperature=0.5, max_head_norm=1.5,
        regularizer={"name": "flatness_bound", "strength": -0.3},
    )  # fmt: skip

    def take(run):
        def of_step(step, model, optimizer, x, y, index):
            logits = model(x)
            away = flatness_bound.penalty(None, logits, None, model.head.weight, 2.0)
            descend(optimizer, functional.cross_entropy(logits / 0.5, y) - 0.3 * away)
            with torch.no_grad():
                norm = model.head.weight.norm()
                model.head.weight.mul_(min(1.0, 1.5 / norm))

        return of_step

    compare(pack, data, kind, take)


@ENGINES
@pytest.mark.parametrize("stops", [(4, 12), (7, 12)])
def test_weights_scaled_once_wherever_it_stops(data, kind, stops):
    pack = packs.pack(
        {"seed": 1}, {"seed": 2}, **SGD, interventions=[{"step": 4, "scale_weights_to": 2.0}]
    )

    def take(run):
        def of_step(step, model, optimizer, x, y, index):
            if step == 4:
                weights = [p for p in model.parameters() if p.ndim > 1]
                norm = torch.cat([p.detach().flatten() for p in weights]).norm()
                with torch.no_grad():
                    for weight in weights:
                        weight.mul_(2.0 / norm)
            descend(optimizer, functional.cross_entropy(model(x), y))

        return of_step

    compare(pack, data, kind, take, stops)


@ENGINES
def test_augmented_batches_depend_on_seed_and_epoch_alone(data, kind):
    pack = packs.pack(
        {"seed": 1}, {"seed": 2}, **SGD, augmentation={"name": "crop_flip", "padding": 1}
    )
    black = torch.tensor(-0.3 / 0.4)

    def take(run):
        def of_step(step, model, optimizer, x, y, index):
            seed = derived_seed("latephase augmentation", run["seed"], step // 3)
            drawn = crop_flip.draws(50, torch.Generator().manual_seed(seed), 1)[index]
            x = crop_flip.augmented(x, drawn, black.view(1, 1, 1), 1)
            descend(optimizer, functional.cross_entropy(model(x), y))

        return of_step

    compare(pack, data, kind, take)


@pytest.mark.parametrize("network", [{}, packs.CNN])
def test_what_changes_nothing_leaves_every_bit(data, network):
    plain = packs.pack({"seed": 1}, **network)
    same = packs.pack(
        {"seed": 1}, **network, temperature=1.0, max_head_norm=1e6,
        interventions=[{"step": 5, "temperature": None}],
    )  # fmt: skip
    rows = [next(iter(trained(pack, data).values())) for pack in (plain, same)]
    assert torch.equal(*rows)
