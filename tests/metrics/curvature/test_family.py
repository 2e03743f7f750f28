"""The family as a whole: its columns, runs that diverged, its seeds."""

import math

import pytest
import torch
from torch import Generator

from latephase.metrics.curvature.family import COLUMNS, columns, curvature_metrics
from latephase.metrics.curvature.hessian_eigenvalues import eigenvalue_metrics
from latephase.metrics.curvature.hessian_traces import trace_metrics
from latephase.parts.losses import cross_entropy, mse
from tests.metrics.curvature.networks import Attention, Residual, mlp, objective


def measured(of, seed=0):
    named = {name: t.float() for name, t in of.parameters.items()}
    arguments = of.inputs, of.labels, of.loss, Generator().manual_seed(seed)
    return curvature_metrics(of.model, named, *arguments)


@pytest.mark.parametrize("make", [mlp, Residual, Attention])
def test_the_columns(make):
    of = objective(make)
    metrics = measured(of)
    assert set(metrics) == set(columns(of.model))
    assert all(type(value) is float and math.isfinite(value) for value in metrics.values())
    assert metrics["curvature_samples"] == 7
    assert metrics["hessian_eigenvalue_1"] > 0
    if make is not Attention:
        assert metrics["hessian_eigenvalue_1"] <= metrics["hessian_trace"]
        layers = {c for c in metrics if c.startswith("relative") and c.endswith("_error")}
        assert {metrics[c] for c in layers} == {0.0}


def test_norms_and_margins_are_of_this_network():
    of = objective(mlp)
    metrics = measured(of)
    row = torch.cat([t.float().double().flatten() for t in of.parameters.values()])
    assert metrics["weight_norm"] == pytest.approx(float(row.norm()), rel=1e-12)
    product = math.prod(float(of.parameters[f"{i}.weight"].float().norm()) for i in (0, 2, 4))
    margin = metrics["logit_margin_mean"]
    assert metrics["logit_margin_normalized_mean"] == pytest.approx(margin / product, rel=1e-6)


@pytest.mark.parametrize("loss", [cross_entropy.per_sample, mse.per_sample, lambda z, y: z[:, 0]])
@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300])
def test_what_diverged_is_nan_everywhere(loss, value):
    """1e300 is finite, but its logits are not."""
    of = objective(mlp, loss)
    for name in ("2.weight", "4.weight"):
        of.parameters[name][0, 0] = value
    arguments = of.inputs.abs(), of.labels, of.loss, Generator()
    named = {name: t.abs() for name, t in of.parameters.items()}
    metrics = curvature_metrics(of.model, named, *arguments)
    assert set(metrics) == set(columns(of.model))
    assert metrics.pop("curvature_samples") == 7
    assert all(math.isnan(value) for value in metrics.values())


def test_a_loss_of_nobody_s_has_every_column():
    of = objective(mlp, lambda z, y: torch.nn.functional.softplus(-(2 * y - 1) * z).sum(-1))
    metrics = measured(of)
    assert all(math.isfinite(value) for value in metrics.values())
    assert {f"relative_flatness_layer_{i}" for i in (0, 2, 4)} <= set(metrics)


def test_seeds():
    of = objective(mlp)
    assert measured(of, 1) == measured(of, 1)
    first, second = measured(of, 1), measured(of, 2)
    differ = {name for name in first if first[name] != pytest.approx(second[name], rel=1e-5)}
    assert {n.removesuffix("_error") for n in differ if "residual" not in n} == {
        "random_sharpness_0.01",
        "random_sharpness_relative_0.1",
    }


def test_the_list_of_columns_is_what_the_parts_make():
    assert len(set(COLUMNS)) == len(COLUMNS)
    of = objective(mlp)
    made = trace_metrics(of, Generator()) | eigenvalue_metrics(of, Generator())
    assert set(made) <= set(columns(of.model))
