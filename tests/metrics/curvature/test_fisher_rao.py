"""The Fisher–Rao norm against the Fisher matrix itself, and where it is known in closed form."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from latephase.metrics.curvature.fisher_rao import fisher_rao_metrics
from latephase.parts.losses import cross_entropy, mse
from tests.metrics.curvature.networks import (
    CLASSES,
    Attention,
    Residual,
    in_blocks,
    jacobian,
    mlp,
    moved,
    objective,
    saturated,
    tanh_mlp,
)


def slope_along(of, sample, target):
    """⟨θ, ∂ℓ/∂θ⟩ of one sample with a label of our choice."""
    leaves = {n: t.clone().requires_grad_() for n, t in of.parameters.items()}
    inputs = of.inputs.double() if of.inputs.is_floating_point() else of.inputs
    loss = of.loss(of.outputs(leaves, inputs[sample : sample + 1]), target[None]).sum()
    slopes = torch.autograd.grad(loss, list(leaves.values()), materialize_grads=True)
    return sum((g * t).sum() for g, t in zip(slopes, of.parameters.values(), strict=True))


@pytest.mark.parametrize("make", [mlp, tanh_mlp, Residual, Attention])
def test_expectation_over_the_labels(make):
    """⟨θ, Fθ⟩ = E_x E_{y ~ p} ⟨θ, ∂ℓ/∂θ⟩², y drawn by the network itself, or given."""
    of = objective(make)
    p = of.logits().softmax(1)
    targets = torch.eye(CLASSES, dtype=torch.float64)
    by_model = by_data = 0
    for i, label in enumerate(of.labels):
        squares = torch.stack([slope_along(of, i, target) ** 2 for target in targets])
        by_model += p[i] @ squares / len(p)
        by_data += squares[label] / len(p)
    metrics = fisher_rao_metrics(of)
    assert metrics["fisher_rao_norm"] == pytest.approx(float(by_model.sqrt()), rel=1e-9)
    assert metrics["fisher_rao_norm_empirical"] == pytest.approx(float(by_data.sqrt()), rel=1e-9)
    assert fisher_rao_metrics(in_blocks(objective(make), 3)) == pytest.approx(metrics, rel=1e-12)


def along_parameters(of):
    """J θ [N, K], from the whole Jacobian."""
    slopes = jacobian(of)
    return sum((slopes[name].flatten(2) @ t.flatten()) for name, t in of.parameters.items())


def test_squared_error_is_a_normal_of_variance_a_half():
    """E ⟨θ, 2 Jᵀn⟩² = 4 · ½ |Jθ|² for n of variance ½, the density e^{−|z − y|²} of the loss."""
    of = objective(mlp, mse.per_sample)
    exact = 2 * along_parameters(of).square().sum(1).mean()
    norm = fisher_rao_metrics(of)["fisher_rao_norm"]
    assert norm == pytest.approx(float(exact.sqrt()), rel=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_without_biases_it_is_a_variance_of_the_logits(layers):
    """Liang 2019: L² E Var_p(z), and L² E (z_y − ⟨p, z⟩)², for L layers."""
    widths = [4, 6, 5, 7][:layers]

    def bias_free():
        modules = []
        for m, n in zip(widths, [*widths[1:], CLASSES], strict=True):
            modules += [nn.Linear(m, n, bias=False), nn.ReLU()]
        return nn.Sequential(*modules[:-1])

    of = objective(bias_free)
    z = of.logits()
    p = z.softmax(1)
    mean = (p * z).sum(1)
    variance = (p * (z - mean[:, None]) ** 2).sum(1).mean()
    gap = (z.gather(1, of.labels[:, None])[:, 0] - mean).square().mean()
    metrics = fisher_rao_metrics(of)
    assert metrics["fisher_rao_norm"] == pytest.approx(layers * float(variance.sqrt()), rel=1e-9)
    assert metrics["fisher_rao_norm_empirical"] == pytest.approx(
        layers * float(gap.sqrt()), rel=1e-9
    )


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), factor=st.floats(0.05, 20), unit=st.integers(0, 5))
def test_invariant_to_every_rescaling(seed, factor, unit):
    of = objective(mlp, cross_entropy.per_sample, seed=seed)
    named, scales = of.parameters, torch.ones(6, dtype=torch.float64)
    scales[unit] = factor
    rows = {"0.weight": named["0.weight"] * scales[:, None], "0.bias": named["0.bias"] * scales}
    other = moved(of, **rows, **{"2.weight": named["2.weight"] / scales})
    assert fisher_rao_metrics(other) == pytest.approx(fisher_rao_metrics(of), rel=1e-9)


@pytest.mark.parametrize("target", [1e-5, 1e-9, 1e-14])
def test_saturation_from_float32(target):
    of = saturated(target)
    labels, logits = of.labels[:, None], of.logits()
    along = along_parameters(of)
    odds = (logits - logits.gather(1, labels)).exp()
    p = odds / odds.sum(1, keepdim=True)
    gaps = along[:, :, None] - along[:, None, :]
    variance = (p[:, :, None] * p[:, None, :] * gaps.square()).sum((1, 2)) / 2
    behind = (p * (along - along.gather(1, labels))).sum(1)
    metrics = fisher_rao_metrics(of)
    exact = float(variance.mean().sqrt())
    assert metrics["fisher_rao_norm"] == pytest.approx(exact, rel=1e-9, abs=0)
    exact = float(behind.square().mean().sqrt())
    assert metrics["fisher_rao_norm_empirical"] == pytest.approx(exact, rel=1e-9, abs=0)
