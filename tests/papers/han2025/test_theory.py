"""The propositions of han2025 (T1 to T4), on exact collapse and on anything."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latephase.metrics.collapse.family import collapse_metrics
from latephase.metrics.flatness.family import flatness_metrics
from latephase.papers.han2025 import theory

CASES = [(k, size, scale) for k in (3, 10) for size in (0.5, 1, 2) for scale in (0.1, 1, 5, 20)]
exact = pytest.mark.parametrize(("k", "size", "scale"), CASES)


def collapsed(k, size, scale, seed=0):
    """Features, labels, logits, W and b of exact collapse, five samples a class."""
    centre = np.random.default_rng(seed).normal(size=k + 2)
    means, weight, bias = (
        torch.from_numpy(array) for array in theory.simplex(k, size, centre, scale)
    )
    labels = torch.arange(5 * k) % k
    features = means[labels]
    return features, labels, features @ weight.T + bias, weight, bias


@exact
def test_probabilities_and_loss_at_collapse(k, size, scale):
    _, labels, logits, _, _ = collapsed(k, size, scale)
    true, other = theory.probabilities(scale * size**2, k)
    found = logits.softmax(1)
    assert found[0, labels[0]].item() == pytest.approx(true, rel=1e-9)
    assert found[0, (labels[0] + 1) % k].item() == pytest.approx(other, rel=1e-9)
    loss = torch.nn.functional.cross_entropy(logits, labels).item()
    if loss > 1e-12:
        assert theory.logit_scale_of(loss, k) == pytest.approx(scale * size**2, rel=1e-3)


@exact
def test_flatness_at_collapse_is_the_metrics_own(k, size, scale):
    """T2. Features of several norms: the mean of ‖φ‖² stands in their place."""
    features, _, logits, weight, _ = collapsed(k, size, scale)
    columns = flatness_metrics(features, logits, weight, "cross_entropy")
    norm = features.square().sum(1).mean().sqrt().item()
    expected = theory.flatness_at_collapse(scale * size**2, k, size, norm)
    for name in ("relative_flatness", "relative_flatness_bound"):
        assert columns[name] == pytest.approx(getattr(expected, name), rel=1e-8, abs=1e-300)
    assert columns["hessian_trace_last_layer"] == pytest.approx(expected.hessian_trace, rel=1e-8)
    assert columns["relative_flatness_bound"] == pytest.approx(
        (k - 1) * columns["relative_flatness"], rel=1e-8
    )


@exact
def test_the_printed_bound_holds(k, size, scale):
    found = theory.flatness_at_collapse(scale * size**2, k, size)
    assert found.relative_flatness <= theory.flatness_bound(scale * size**2, k, size) * (1 + 1e-12)


@exact
def test_biases_are_such_that_the_logits_are_those_of_centred_features(k, size, scale):
    """Lemma A.1: b_j + ⟨w_j, μ_g⟩ is the same for all j."""
    features, _, _, weight, bias = collapsed(k, size, scale)
    shifted = bias + weight @ features.mean(0)
    torch.testing.assert_close(shifted, shifted.mean().expand(k), atol=1e-9, rtol=0)


@pytest.mark.parametrize(("k", "turns"), [(10, 2.9), (97, 4.8)])
def test_flatness_rises_with_the_logit_scale_and_falls_later(k, turns):
    scales = np.linspace(0.01, 20, 20_000)
    kappa = theory.flatness_at_collapse(scales, k).relative_flatness
    assert scales[kappa.argmax()] == pytest.approx(turns, abs=0.1)
    assert (np.diff(kappa[: kappa.argmax()]) > 0).all()
    assert (np.diff(kappa[kappa.argmax() :]) < 0).all()


def test_no_loss_above_that_of_no_logits():
    assert np.isnan(theory.logit_scale_of(np.log(10) + 1e-6, 10))
    assert theory.logit_scale_of(np.log(10), 10) == pytest.approx(0, abs=1e-12)


def sample(seed):
    generator = torch.Generator().manual_seed(seed)
    features, weight, bias = (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in ((24, 6), (4, 6), (4,))
    )
    return features, torch.arange(24) % 4, weight, bias


@given(st.integers(0, 10_000))
def test_relative_flatness_is_between_0_and_its_bound(seed):
    """T1, Lemma A.2."""
    features, _, weight, bias = sample(seed)
    columns = flatness_metrics(features, features @ weight.T + bias, weight, "cross_entropy")
    assert 0 <= columns["relative_flatness"] <= columns["relative_flatness_bound"] * (1 + 1e-12)


@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_ncc_sees_neither_head_nor_scale_and_flatness_no_rescaling(seed, factor):
    """T4: NCC of aφ + c, and κ_Tr and κ̂ of (φ/a, aW)."""
    features, labels, weight, bias = sample(seed)
    moved = features * factor + 3.0
    plain, other = (
        collapse_metrics(x, labels, w, bias)["cdnv"]
        for x, w in ((features, weight), (moved, weight * 7))
    )
    assert other == pytest.approx(plain, rel=1e-9)
    logits = features @ weight.T + bias
    one, two = (
        flatness_metrics(x, logits, w, "cross_entropy")
        for x, w in ((features, weight), (features / factor, weight * factor))
    )
    for name in ("relative_flatness", "relative_flatness_bound"):
        assert two[name] == pytest.approx(one[name], rel=1e-9)
