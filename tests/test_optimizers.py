"""Each optimizer against torch.optim, step by step."""

import pytest
import torch

from latephase import parts

STEPS, SIZE = 50, 37

CASES = {
    "sgd": ("sgd", [{"lr": 0.01}]),
    "sgd momentum": ("sgd", [{"lr": 0.01, "momentum": 0.9}]),
    "sgd decay": ("sgd", [{"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}]),
    "sgd several": (
        "sgd",
        [
            {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1},
            {"lr": 0.03, "momentum": 0.0, "weight_decay": 0.0},
            {"lr": 0.001, "momentum": 0.5, "weight_decay": 1.0},
        ],
    ),
    "adamw": ("adamw", [{"lr": 1e-3}]),
    "adamw decay": ("adamw", [{"lr": 0.01, "weight_decay": 0.3, "beta1": 0.8, "beta2": 0.99}]),
    "adamw no decay": ("adamw", [{"lr": 0.01, "weight_decay": 0.0, "beta1": 0.0}]),
    "adamw several": (
        "adamw",
        [
            {"lr": 1e-3, "weight_decay": 0.3, "beta1": 0.9},
            {"lr": 1e-2, "weight_decay": 0.0, "beta1": 0.0},
            {"lr": 1e-4, "weight_decay": 1.0, "beta1": 0.999},
        ],
    ),
    "adamw several alike": ("adamw", [{"lr": 1e-3}] * 3),
}


def reference(name, parameter, values):
    """torch's optimizer with the same numbers."""
    if name == "sgd":
        return torch.optim.SGD([parameter], **values)
    values = dict(values)
    betas = values.pop("beta1"), values.pop("beta2")
    return torch.optim.AdamW([parameter], betas=betas, foreach=False, fused=False, **values)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 3e-6)])
@pytest.mark.parametrize("case", CASES)
def test_equals_torch_at_every_step(case, dtype, tolerance):
    name, runs = CASES[case]
    module = parts.load("optimizer", name)
    defaults = {key: rule.get("default") for key, rule in module.PARAMETERS.items()}
    runs = [defaults | run for run in runs]
    torch.manual_seed(1)
    params = torch.randn(len(runs), SIZE, dtype=dtype)
    theirs = [torch.nn.Parameter(row.clone()) for row in params]
    optimizers = [reference(name, row, run) for row, run in zip(theirs, runs, strict=True)]
    state = {key: torch.zeros_like(params) for key in module.STATE}
    hyper = {
        key: torch.tensor([run[key] for run in runs], dtype=torch.float64).unsqueeze(1)
        for key in defaults
    }
    for step in range(1, STEPS + 1):
        grads = torch.randn(params.shape, dtype=dtype) * (params - 0.3)
        for row, grad, optimizer in zip(theirs, grads, optimizers, strict=True):
            row.grad = grad.clone()
            optimizer.step()
        module.update(params, grads.clone(), state, runs[0] if len(runs) == 1 else hyper, step)
        torch.testing.assert_close(
            params,
            torch.stack([row.detach() for row in theirs]),
            rtol=tolerance,
            atol=tolerance / 10,
        )


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_runs_row_does_not_depend_on_its_neighbours_numbers(name):
    """Bytes, in float32: whether the others agree with it or have numbers of their own."""
    module = parts.load("optimizer", name)
    rows = []
    for others in (1e-3, 0.7):
        torch.manual_seed(2)
        params = torch.randn(2, SIZE)
        state = {key: torch.zeros_like(params) for key in module.STATE}
        hyper = {
            key: torch.tensor([[rule.get("default", 1e-3)]] * 2, dtype=torch.float64)
            for key, rule in module.PARAMETERS.items()
        }
        for column in hyper.values():
            column[1] = others
        for step in range(1, 6):
            module.update(params, torch.randn(2, SIZE), state, hyper, step)
        rows.append(params)
    assert torch.equal(rows[0][0], rows[1][0])
    assert not torch.equal(rows[0][1], rows[1][1])


def test_factors_are_rounded_once():
    """1 - 0.999 in float32 is wrong by 5e-5: it would show in every first moment."""
    adamw = parts.load("optimizer", "adamw")
    params, grads = torch.zeros(2, SIZE), torch.randn(2, SIZE)
    state = {key: torch.zeros_like(params) for key in adamw.STATE}
    numbers = {"lr": 1e-3, "weight_decay": 0.1, "beta1": 0.999, "beta2": 0.999, "eps": 1e-8}
    hyper = {key: torch.full((2, 1), value, dtype=torch.float64) for key, value in numbers.items()}
    adamw.update(params, grads, state, hyper, 1)
    for name, power in (("exp_avg", 1), ("exp_avg_sq", 2)):
        expected = 1e-3 * grads.double() ** power
        torch.testing.assert_close(state[name].double(), expected, rtol=3e-7, atol=0)
