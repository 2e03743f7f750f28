"""Muon and Shampoo: what they do to a matrix, to the sum over classes, and in the engine."""

import math

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from latephase.datasets import stored
from latephase.parts.optimizers import muon, shampoo
from latephase.runs import parts
from latephase.training import trainer
from latephase.training.trainer import Trainer
from tests.parts.optimizers.steps import LAYOUT, Steps, gradients, schedule, start, trajectory
from tests.training import packs

HEADS = {
    "muon, head too": ("muon", {"head": "muon"}),
    "muon": ("muon", {}),
    "shampoo": ("shampoo", {}),
    **{name: (name, {}) for name in ("sgdw", "adamw", "signumw", "lion")},
}
KEEP_CLASS_SUM = ("muon, head too", "shampoo", "sgdw")


@pytest.mark.parametrize("shape", [(7, 7), (4, 60), (60, 4), (10, 200)])
def test_newton_schulz_brings_singular_values_near_one(shape):
    torch.manual_seed(0)
    matrices = torch.randn(3, *shape, dtype=torch.float64) * torch.tensor([1e-5, 1, 1e4]).view(
        -1, 1, 1
    )
    left, values, right = torch.linalg.svd(matrices, full_matrices=False)
    found = muon.orthogonal(matrices)
    theirs = left.mT @ found @ right.mT
    assert (values[:, -1] / values.norm(dim=1) > 0.005).all()  # where five iterations are enough
    torch.testing.assert_close(theirs, torch.diag_embed(theirs.diagonal(dim1=1, dim2=2)))
    assert torch.linalg.svdvals(found).min() > 0.65
    assert torch.linalg.svdvals(found).max() < 1.25


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_muon_is_torchs(monkeypatch, momentum):
    """Which iterates in bfloat16; here in what it is given."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    names = ["linear.weight", "head.weight"]
    run = {"lr": 0.01, "momentum": momentum, "weight_decay": 0.3, "head": "muon"}
    mine = Steps("muon", [run], start(1))
    weights = [nn.Parameter(LAYOUT.views(mine.params[0])[name].clone()) for name in names]
    theirs = torch.optim.Muon(
        weights, 0.01, momentum=momentum, weight_decay=0.3, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(25):
        grads = gradients(mine.params, step)
        for name, weight in zip(names, weights, strict=True):
            weight.grad = LAYOUT.views(grads[0])[name].clone()
        theirs.param_groups[0]["lr"] = 0.01 * schedule(step)
        theirs.step()
        mine.step(grads, schedule(step))
        for name, weight in zip(names, weights, strict=True):
            torch.testing.assert_close(LAYOUT.views(mine.params[0])[name], weight.detach())


@pytest.mark.parametrize("longest", [1024, 7, 5])
def test_shampoos_first_step_is_orthogonal(monkeypatch, longest):
    """With one gradient G = U S Vᵀ, L^(-1/4) G R^(-1/4) and L^(-1/2) G are U Vᵀ; of Adam's size."""
    monkeypatch.setattr(shampoo, "LONGEST", longest)
    at, before = Steps("shampoo", [{"lr": 0.01}] * 2, start(2)), start(2)
    grads = start(2, seed=3)
    moved = LAYOUT.views(before - at.step(grads))
    for name, sides in (("conv.weight", [3, 8]), ("linear.weight", [6, 4])):
        factors = [n for n in sides if n <= longest]
        assert shampoo.factored(LAYOUT)[name] == [n if n <= longest else 0 for n in sides]
        assert len(factors) == {1024: 2, 7: 2 if name == "linear.weight" else 1, 5: 1}[longest]
        left, _, right = torch.linalg.svd(LAYOUT.views(grads)[name].flatten(2), full_matrices=False)
        size = 0.01 * math.sqrt(math.prod(sides) / min(sides))
        torch.testing.assert_close(
            moved[name].flatten(2), size * left @ right, rtol=1e-3, atol=1e-5
        )
    numbers = sum(n * n for sides in shampoo.factored(LAYOUT).values() for n in sides)
    assert at.state["factors"].shape == at.state["roots"].shape == (2, numbers)


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("name", ["muon", "shampoo"])
def test_layers_without_a_gradient_stay(name, runs):
    at = Steps(name, [{"lr": 0.1}] * runs, start(runs, torch.float32))
    for _ in range(3):
        at.step(torch.zeros_like(at.params))
    torch.testing.assert_close(at.params, start(runs, torch.float32), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("case", HEADS)
def test_who_keeps_the_zero_class_sum_of_gradients(case, dtype):
    """zhao2026, Lemma E.5: 1ᵀ∇W = 0 of a head under softmax and cross entropy, so that decoupled
    decay alone moves 1ᵀW — if the update keeps that zero."""
    name, options = HEADS[case]
    at = Steps(name, [{"lr": 0.01, "weight_decay": 0.3, **options}], start(1, dtype))
    total = LAYOUT.views(at.params)["head.weight"].sum(1)
    for step in range(25):
        grads = start(1, dtype, seed=step)
        head = LAYOUT.views(grads)["head.weight"]
        head.sub_(head.mean(1, keepdim=True))
        at.step(grads, schedule(step))
        total = total * (1 - 0.01 * schedule(step) * 0.3)
    found = LAYOUT.views(at.params)["head.weight"].sum(1)
    error = ((found - total).norm() / total.norm()).item()
    if case in KEEP_CLASS_SUM:
        assert error < (1e-12 if dtype == torch.float64 else 1e-5)
    else:
        assert error > 1e-3


def test_muon_and_shampoo_do_not_see_the_gradients_scale():
    for name in ("muon", "shampoo"):
        run = {"lr": 0.01, "eps": 1e-30}
        torch.testing.assert_close(trajectory(name, run), trajectory(name, run, scale=1e-3))


NUMBERS = [{"seed": 1}, {"seed": 2, "optimizer.weight_decay": 0.5}]
OPTIMIZERS = {
    "muon": {"name": "muon", "lr": 1e-2, "coupled_weight_decay": 0.1, "head": "muon"},
    "shampoo": {"name": "shampoo", "lr": 1e-2, "coupled_weight_decay": 0.1},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_engine_trains_them_together_alone_and_after_a_break(name, digits_file, tmp_path):
    torch.set_num_threads(1)
    pack = packs.pack(*NUMBERS, optimizer=OPTIMIZERS[name])
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    serial, together = (Trainer(pack, data, "cpu", torch.float64) for _ in range(2))
    together.serial = False
    states = [trainer.initial() for trainer in (serial, together)]
    serial.advance(states[0], 12)
    together.advance(states[1], 12)
    torch.testing.assert_close(states[0].params, states[1].params, rtol=1e-7, atol=1e-8)

    whole, _, _ = trainer.train(pack, data, tmp_path / "whole")
    asked = iter(range(15))
    with pytest.raises(trainer.Stopped):
        trainer.train(pack, data, tmp_path / "broken", halted=lambda: next(asked) == 14)
    broken, _, _ = trainer.train(pack, data, tmp_path / "broken")
    for path in whole.iterdir():
        assert path.read_bytes() == (broken / path.name).read_bytes()


FITS = {
    "data": {"name": "digits", "train_size": 50, "test_size": 40, "mean": 0.3051, "std": 0.3753},
    "model": {"name": "mlp", "widths": [32]},
    "loss": {"name": "cross_entropy"},
    "optimizer": {"name": "muon", "lr": 0.02, "head": "muon", "weight_decay": 0.5},
    "batch_size": 50,
    "steps": 300,
}


def trained_to_a_small_gradient(dtype, digits_file):
    """NC0 over the product of 1 - ηλ, and the head's gradient's class sum over its norm."""
    torch.set_num_threads(1)
    pack = packs.pack({"seed": 42}, **FITS)
    data = stored.load(digits_file, **parts.arguments(pack["common"]["data"]))
    trainer = Trainer(pack, data, "cpu", dtype)
    state, ends = trainer.initial(), []
    for step in (0, FITS["steps"]):
        trainer.advance(state, step)
        ends.append(trainer.layout.views(state.params[0].clone()))
    before, after = (end["head.weight"].sum(0).norm().item() for end in ends)
    inputs = data.train_inputs.to(dtype)

    def loss(weight):
        views = ends[1] | {"head.weight": weight}
        return cross_entropy(functional_call(trainer.model, views, (inputs,)), data.train_labels)

    gradient = torch.func.grad(loss)(ends[1]["head.weight"])
    share = gradient.sum(0).norm().item() / gradient.norm().item()
    return after / before / (1 - 0.02 * 0.5) ** FITS["steps"], share


def test_muon_on_the_head_takes_rounding_for_a_gradient(digits_file):
    """Why NC0 leaves the product of 1 - ηλ in training: what float32 leaves of the class sum is as
    large as a gradient that has vanished, and orthogonalisation gives the one the other's size."""
    apart, share = trained_to_a_small_gradient(torch.float64, digits_file)
    assert abs(apart - 1) < 1e-7
    assert share < 1e-7
    apart, share = trained_to_a_small_gradient(torch.float32, digits_file)
    assert apart > 3
    assert share > 0.1
