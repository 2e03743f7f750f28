"""Each optimizer against torch's, or its rule in NumPy, step by step; and what ties them."""

import numpy as np
import pytest
import torch

from latephase.runs import declared, parts
from tests.parts.optimizers.references import REFERENCES
from tests.parts.optimizers.steps import (
    DECAYED,
    LAYOUT,
    Steps,
    gradients,
    schedule,
    start,
    trajectory,
)

NAMES = declared.names("optimizer")
STEPS = 25

# The numbers of a pack.
HEAVY = [
    {"lr": 0.01},
    {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.3},
    {"lr": 0.03, "momentum": 0.0, "weight_decay": 1.0},
    {"lr": 0.001, "momentum": 0.5, "weight_decay": 0.0},
]
BETAS = [
    {"lr": 1e-3},
    {"lr": 1e-2, "weight_decay": 0.3, "beta1": 0.8, "beta2": 0.99},
    {"lr": 1e-2, "weight_decay": 0.0, "beta1": 0.0, "beta2": 0.99},
    {"lr": 1e-3, "weight_decay": 1.0, "beta1": 0.999, "beta2": 0.99},
]
BOTH = [
    run | {"coupled_weight_decay": coupled}
    for run, coupled in zip(BETAS, (0.0, 0.0, 0.3, 0.1), strict=True)
]
MUON = [run | {"momentum": m} for run, m in zip(BOTH, (0.95, 0.8, 0.0, 0.9), strict=True)]
RUNS = {
    **dict.fromkeys(("sgd", "sgdw", "signum", "signumw"), HEAVY),
    **dict.fromkeys(("adam", "adamw"), BETAS),
    **dict.fromkeys(("adam_mixture", "lion", "shampoo"), BOTH),
    "muon": MUON,
}
CASES = {name: (name, runs) for name, runs in RUNS.items()}
CASES["muon, head too"] = ("muon", [run | {"head": "muon"} for run in MUON])
# In float32 Newton-Schulz and roots of matrices make more of a rounding than sums do.
ROUNDING = {"muon": 3e-4, "shampoo": 3e-3}


def named(row):
    return {name: view.double().numpy() for name, view in LAYOUT.views(row).items()}


both_masks = pytest.mark.parametrize("masked", [False, True], ids=["all decay", "matrices decay"])
both_types = pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)


def tolerance(name, dtype):
    return 1e-10 if dtype == torch.float64 else ROUNDING.get(name, 2e-5)


@both_masks
@both_types
@pytest.mark.parametrize("case", CASES)
def test_a_pack_equals_its_references_at_every_step(case, dtype, masked):
    name, runs = CASES[case]
    mine = Steps(name, runs, start(len(runs), dtype), masked)
    decayed = DECAYED if masked else dict.fromkeys(DECAYED, True)
    theirs = [
        REFERENCES[name](run, named(row.clone()), decayed)
        for run, row in zip(mine.runs, mine.params, strict=True)
    ]
    close = dict.fromkeys(("rtol", "atol"), tolerance(name, dtype))
    for step in range(STEPS):
        grads = gradients(mine.params, step)
        mine.step(grads, schedule(step))
        for run, row, grad, reference in zip(mine.runs, mine.params, grads, theirs, strict=True):
            expected = reference(run["lr"] * schedule(step), named(grad)).values()
            expected = np.concatenate([value.ravel() for value in expected])
            np.testing.assert_allclose(row.double().numpy(), expected, **close)


@both_masks
@both_types
@pytest.mark.parametrize("case", CASES)
def test_a_run_in_a_pack_is_the_run_alone(case, dtype, masked):
    name, runs = CASES[case]
    pack = Steps(name, runs, start(len(runs), dtype), masked)
    rows = pack.params.split(1)
    alone = [Steps(name, [run], row, masked) for run, row in zip(runs, rows, strict=True)]
    close = dict.fromkeys(("rtol", "atol"), tolerance(name, dtype))
    for step in range(STEPS):
        grads = gradients(pack.params, step)
        pack.step(grads, schedule(step))
        rows = [a.step(grads[i : i + 1], schedule(step)) for i, a in enumerate(alone)]
        torch.testing.assert_close(pack.params, torch.cat(rows), **close)


@pytest.mark.parametrize("name", NAMES)
def test_a_runs_row_does_not_depend_on_its_neighbour(name):
    """Bytes, in float32: whether the other agrees with it, has its own numbers or has diverged."""
    same, other = RUNS[name][1], RUNS[name][2]
    rows = []
    for neighbour, gradient in ((same, 1.0), (other, 1.0), (same, float("nan"))):
        pack = Steps(name, [same, neighbour], start(2, torch.float32))
        for step in range(12):
            grads = start(2, torch.float32, seed=step)
            grads[1] *= gradient
            pack.step(grads)
        rows.append(pack.params)
    assert torch.equal(rows[0][0], rows[1][0])
    assert torch.equal(rows[0][0], rows[2][0])
    assert not torch.equal(rows[0][1], rows[1][1])
    assert rows[2][1].isnan().all()


@pytest.mark.parametrize("name", NAMES)
def test_runs_in_inference_mode_and_declares_what_it_reads(name):
    """As the engine calls it on a CPU; with the declared defaults and a learning rate alone."""
    with torch.inference_mode():
        at = Steps(name, [{"lr": 0.1}], torch.ones(1, start(1).shape[1]))
        at.step(torch.ones_like(at.params))
    assert set(at.hyper) == set(declared.parameters("optimizer", name))
    assert (at.params <= 1).all() and (at.params < 1).any()
    assert set(at.state) == set(parts.load("optimizer", name).STATE)


@pytest.mark.parametrize("pair", [("sgd", "sgdw"), ("adam", "adamw"), ("signum", "signumw")])
def test_without_decay_coupled_is_decoupled(pair):
    number = "beta1" if pair[0] == "adam" else "momentum"
    run = {"lr": 0.01, number: 0.7, "weight_decay": 0.0}
    torch.testing.assert_close(*(trajectory(name, run) for name in pair))
    run["weight_decay"] = 0.5
    assert not torch.allclose(*(trajectory(name, run) for name in pair))


@pytest.mark.parametrize("runs", [1, 2], ids=["alone", "in a pack"])
@pytest.mark.parametrize(
    ("adam", "signed"), [("adam", "signum"), ("adamw", "signumw"), ("adam_mixture", "signum")]
)
def test_adam_without_memory_and_eps_is_the_sign(adam, signed, runs):
    """Also where the gradient is exactly 0: torch's Adam divides 0 by 0 there."""
    numbers = {"lr": 0.01, "weight_decay": 0.0 if signed == "signum" else 0.3}
    memoryless = numbers | {"beta1": 0.0, "beta2": 0.0, "eps": 0.0}
    one = Steps(adam, [memoryless] * runs, start(runs))
    other = Steps(signed, [numbers | {"momentum": 0.0}] * runs, start(runs))
    for step in range(5):
        grads = start(runs, seed=step)
        grads[:, ::3] = 0.0
        torch.testing.assert_close(one.step(grads), other.step(grads))
    grads[:, 1] = float("nan")
    assert one.step(grads)[:, 1].isnan().all()


def test_the_mixture_ends_in_adam_and_in_adamw_with_the_shrinking_last():
    mixture = trajectory("adam_mixture", {"lr": 0.01, "coupled_weight_decay": 0.3})
    assert torch.equal(mixture, trajectory("adam", {"lr": 0.01, "weight_decay": 0.3}))
    free = trajectory("adam", {"lr": 0.01})
    moves = free.diff(dim=0, prepend=start(1)[None])
    first = last = start(1)
    for step, move in enumerate(moves):
        shrink = 1 - 0.01 * schedule(step) * 0.3
        first, last = shrink * first + move, shrink * (last + move)
    run = {"lr": 0.01, "weight_decay": 0.3}
    torch.testing.assert_close(trajectory("adamw", run)[-1], first)
    torch.testing.assert_close(trajectory("adam_mixture", run)[-1], last)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_sign_sgd_is_signum_without_momentum_and_adam_without_averages(decay):
    run = {"lr": 0.01, "weight_decay": decay}
    limits = {"beta1": 0.0, "beta2": 0.0, "eps": 0.0}
    for sign, adam in (("signum", "adam"), ("signumw", "adamw")):
        signed = trajectory(sign, run | {"momentum": 0.0})
        torch.testing.assert_close(signed, trajectory(adam, run | limits))
        torch.testing.assert_close(signed, trajectory(adam, run | limits | {"eps": 1e-14}))


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_lion_is_signum_where_its_betas_coincide(beta):
    run, betas = {"lr": 0.01}, {"beta1": beta, "beta2": beta}
    for lions, name in (("weight_decay", "signumw"), ("coupled_weight_decay", "signum")):
        signum = trajectory(name, run | {"momentum": beta, "weight_decay": 0.3})
        torch.testing.assert_close(trajectory("lion", run | betas | {lions: 0.3}), signum)


@pytest.mark.parametrize("name", ["signum", "signumw", "lion"])
def test_sign_methods_do_not_see_the_gradients_scale(name):
    """A power of two changes no rounding. Coupled decay does see it; so does SGD."""
    run = {"lr": 0.01}
    assert torch.equal(trajectory(name, run), trajectory(name, run, scale=2.0**20))
    coupled = "coupled_weight_decay" if name == "lion" else "weight_decay"
    seen = not torch.equal(
        trajectory(name, run | {coupled: 0.5}), trajectory(name, run | {coupled: 0.5}, scale=8.0)
    )
    assert seen == (name != "signumw")
    assert not torch.equal(trajectory("sgd", run), trajectory("sgd", run, scale=2.0))


def test_factors_are_rounded_once():
    """1 - 0.999 in float32 is wrong by 5e-5: it would show in every first moment."""
    at = Steps("adamw", [{"lr": 1e-3, "beta1": 0.999}] * 2, start(2, torch.float32))
    grads = start(2, torch.float32, seed=2)
    at.step(grads)
    for name, power in (("exp_avg", 1), ("exp_avg_sq", 2)):
        expected = 1e-3 * grads.double() ** power
        torch.testing.assert_close(at.state[name].double(), expected, rtol=3e-7, atol=0)
