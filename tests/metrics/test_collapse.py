"""Collapse metrics against explicit covariances, an exact simplex, invariances and high offsets."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.collapse import (
    class_means,
    collapse_metrics,
    nc4_agreement,
    rnc1_on,
    train_test_collapse_metrics,
)


def sample(seed=0, counts=(40, 25, 31, 12), dimension=7, spread=1.0, offset=0.0, classes=None):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=generator)]
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    features = draw(len(counts), dimension)[labels] + spread * draw(len(labels), dimension) + offset
    classes = classes or len(counts)
    return features, labels, draw(classes, dimension), draw(classes)


def brute_force(features, labels, weight, bias):
    """The definitions written out with explicit [d, d] covariances and loops, in numpy."""
    h, y, w, b = (t.numpy() for t in (features, labels, weight, bias))
    classes, (count, dim) = len(w), h.shape
    means = np.stack([h[y == c].mean(0) for c in range(classes)])
    sigma_w = sum(np.outer(d, d) for d in h - means[y]) / count
    m = means - means.mean(0)
    sigma_b = m.T @ m / classes
    weighted = sum(np.outer(d, d) for d in means[y] - h.mean(0)) / count
    norms = np.sqrt((h**2).sum(1))
    v = [((h[y == c] - means[c]) ** 2).sum(1).mean() for c in range(classes)]
    ordered = [(c, e) for c in range(classes) for e in range(classes) if c != e]
    pair = [(v[c] + v[e]) / (2 * ((means[c] - means[e]) ** 2).sum()) for c, e in ordered]
    simplex = (np.eye(classes) - 1 / classes) / np.sqrt(classes - 1)
    unit = lambda a: a / np.sqrt((a**2).sum())  # noqa: E731
    nearest = [min(range(classes), key=lambda c: ((x - means[c]) ** 2).sum()) for x in h]
    return {
        "nc1_pinv": np.trace(sigma_w @ np.linalg.pinv(sigma_b, rcond=1e-10)) / classes,
        "nc1_trace_ratio": np.trace(sigma_w) / np.trace(weighted),
        "rnc1": np.trace(sigma_w) / norms.mean() ** 2,
        "rnc1_max": np.trace(sigma_w) / norms.max() ** 2,
        "cdnv": np.mean(pair),
        "within_class_variance": np.trace(sigma_w),
        "between_class_variance": np.trace(weighted),
        "nc2_etf": np.linalg.norm(unit(m @ m.T) - simplex),
        "nc2_condition": np.sqrt(np.linalg.cond(means @ means.T)) if classes <= dim else math.inf,
        "nc3_duality": np.linalg.norm(unit(w) - unit(m)),
        "nc3_product": np.linalg.norm(unit(w @ m.T) - simplex),
        "nc4_agreement": np.mean(
            [np.argmax(w @ x + b) == c for x, c in zip(h, nearest, strict=True)]
        ),
    }


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"counts": (5, 1, 3)},
        {"counts": (2, 2), "dimension": 9},
        {"counts": (9,) * 8, "dimension": 3},  # more classes than dimensions
        {"counts": (700, 600), "dimension": 3},  # more than one block a class
        {"spread": 0.1, "offset": 4.0},
    ],
    ids=str,
)
def test_brute_force(case):
    arguments = sample(**case)
    expected = brute_force(*arguments)
    assert collapse_metrics(*arguments) == pytest.approx(expected, rel=1e-9)
    assert 0.02 < expected["nc4_agreement"] < 0.98 or case.get("dimension") == 9


def test_exact_collapse(simplex_frame):
    frame = simplex_frame(6, 11)
    labels = torch.arange(6).repeat(5)
    offset = torch.arange(11, dtype=torch.float64)
    metrics = collapse_metrics(
        3 * frame[labels] + offset, labels, 0.7 * frame, -0.7 * frame @ offset
    )
    for name in ("nc1_pinv", "nc1_trace_ratio", "rnc1", "rnc1_max", "cdnv"):
        assert metrics[name] == pytest.approx(0, abs=1e-28), name
    for name in ("nc2_etf", "nc3_duality", "nc3_product"):
        assert metrics[name] == pytest.approx(0, abs=1e-14), name
    assert metrics["nc4_agreement"] == 1
    assert metrics["between_class_variance"] == pytest.approx(9)


def test_condition_number_is_one_on_an_orthogonal_frame():
    labels = torch.arange(4).repeat(3)
    frame = 2.5 * torch.eye(4, 6, dtype=torch.float64)
    assert collapse_metrics(frame[labels], labels, frame)["nc2_condition"] == pytest.approx(1)


def on_a_frame(frame, noise, dtype=torch.float64, offset=0.0):
    """Samples mu_c +- noise e_j for all j, so that their means are exactly the frame's."""
    dimension = frame.shape[1]
    steps = noise * torch.eye(dimension, dtype=torch.float64)
    steps = torch.cat([steps, -steps])
    labels = torch.arange(len(frame)).repeat_interleave(len(steps))
    return (frame[labels] + steps.repeat(len(frame), 1) + offset).to(dtype), labels


def test_relations_between_variants_on_a_simplex(simplex_frame):
    classes, dimension, noise = 5, 8, 0.3
    frame = 2 * simplex_frame(classes, dimension)
    metrics = collapse_metrics(*on_a_frame(frame, noise), frame)
    ratio = noise**2 / 4
    assert metrics["nc1_trace_ratio"] == pytest.approx(ratio)
    assert metrics["cdnv"] == pytest.approx(ratio * (classes - 1) / (2 * classes))
    # Isotropic noise spreads over d directions of which the K - 1 of the means count.
    assert metrics["nc1_pinv"] == pytest.approx(ratio * (classes - 1) ** 2 / (dimension * classes))


@pytest.mark.parametrize("ratio", [1e-4, 1e-8, 1e-12])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_deep_collapse(simplex_frame, ratio, offset):
    frame = simplex_frame(5, 8)
    features, labels = on_a_frame(frame, math.sqrt(ratio), offset=offset)
    metrics = collapse_metrics(features, labels, frame)
    assert metrics["nc1_trace_ratio"] == pytest.approx(ratio, rel=1e-6, abs=0)
    assert metrics["cdnv"] == pytest.approx(ratio * 4 / 10, rel=1e-6, abs=0)
    assert metrics["nc1_pinv"] == pytest.approx(ratio * 16 / 40, rel=1e-6, abs=0)
    assert metrics["nc2_etf"] < 1e-9
    assert metrics["nc4_agreement"] == nc4_agreement(features, frame, None, frame + offset)


def test_float32_features_are_as_good_as_their_values(simplex_frame):
    features, labels = on_a_frame(simplex_frame(5, 8), 1e-4, torch.float32, offset=1.0)
    exact = features.numpy().astype(np.longdouble)
    means = np.stack([exact[labels == c].mean(0) for c in range(5)])
    within = ((exact - means[labels]) ** 2).sum() / len(exact)
    between = ((means - means.mean(0)) ** 2).sum() / 5
    metrics = collapse_metrics(features, labels, simplex_frame(5, 8).float())
    assert metrics["within_class_variance"] == pytest.approx(float(within), rel=1e-10, abs=0)
    assert metrics["nc1_trace_ratio"] == pytest.approx(float(within / between), rel=1e-10, abs=0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
def test_invariances(seed, scale):
    features, labels, weight, bias = sample(seed)
    before = collapse_metrics(features, labels, weight, bias)
    rotation = torch.linalg.qr(sample(seed + 1, counts=(7,))[0][:, :7]).Q
    rotated = collapse_metrics(features @ rotation, labels, weight @ rotation, bias)
    assert rotated == pytest.approx(before, rel=1e-8)

    scaled = collapse_metrics(scale * features, labels, weight / scale, bias)
    for name in ("within_class_variance", "between_class_variance"):
        scaled[name] /= scale**2
    assert scaled == pytest.approx(before, rel=1e-8)

    shift = scale * torch.ones(7, dtype=torch.float64)
    shifted = collapse_metrics(features + shift, labels, weight, bias - weight @ shift)
    moved = {"rnc1", "rnc1_max", "nc2_condition"}
    assert {n: v for n, v in shifted.items() if n not in moved} == pytest.approx(
        {n: v for n, v in before.items() if n not in moved}, rel=1e-6
    )
    for name in moved:
        assert shifted[name] != pytest.approx(before[name], rel=1e-6, abs=0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_variances_add_up_and_rnc1_max_is_at_most_one(seed):
    features, labels, weight, _ = sample(seed, spread=5.0)
    metrics = collapse_metrics(features, labels, weight)
    total = (features - features.mean(0)).square().sum(1).mean()
    parts = metrics["within_class_variance"] + metrics["between_class_variance"]
    assert parts == pytest.approx(float(total))
    assert metrics["rnc1_max"] <= 1


def test_missing_class_is_left_out(simplex_frame):
    frame = simplex_frame(6, 9)
    features, labels = on_a_frame(frame, 0.1)
    some = labels != 2
    means = class_means(features[some], labels[some], 6)
    assert means[2].isnan().all()
    assert torch.allclose(means[[0, 1, 3, 4, 5]], frame[[0, 1, 3, 4, 5]])

    metrics = collapse_metrics(features[some], labels[some], frame)
    assert metrics["nc2_etf"] == pytest.approx(0, abs=1e-14)  # a face of a simplex is a simplex
    assert all(math.isfinite(value) for value in metrics.values())
    # The same samples under a classifier that knows no sixth class: only the 1/K of NC1 differs.
    relabelled = labels[some] - (labels[some] > 2).long()
    without = collapse_metrics(features[some], relabelled, frame[[0, 1, 3, 4, 5]])
    assert metrics["nc1_pinv"] == pytest.approx(without["nc1_pinv"] * 5 / 6)
    assert metrics["cdnv"] == pytest.approx(without["cdnv"])
    assert metrics["nc3_duality"] == pytest.approx(without["nc3_duality"])


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_directions_that_vanish_are_not_inverted(offset):
    labels = torch.arange(3).repeat_interleave(2)
    features = torch.zeros(6, 4, dtype=torch.float64)
    features[:, 0] = labels.double()  # three means on a line: rank 1, not 2
    features[:, 1] = torch.tensor([1.0, -1.0] * 3)
    features[:, 0] += torch.tensor([0.1, -0.1] * 3)
    rotation = torch.linalg.qr(sample(4, counts=(4,))[0][:, :4]).Q
    metrics = collapse_metrics(features @ rotation + offset, labels, torch.eye(3, 4))
    assert metrics["nc1_pinv"] == pytest.approx(0.01 / (2 / 3) / 3)


def test_undefined_is_nan_and_never_zero():
    labels = torch.arange(3).repeat(4)
    dead = collapse_metrics(torch.zeros(12, 5), labels, torch.eye(3, 5))
    for name in ("nc1_pinv", "nc1_trace_ratio", "rnc1", "cdnv", "nc2_etf", "nc3_duality"):
        assert math.isnan(dead[name]), name
    assert dead["within_class_variance"] == 0

    features = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    features[3, 2] = math.nan
    diverged = collapse_metrics(features, labels, torch.eye(3, 5))
    assert all(math.isnan(value) for value in diverged.values())
    features[3, 2] = math.inf
    diverged = collapse_metrics(features, labels, torch.eye(3, 5))
    assert math.isnan(diverged["nc1_pinv"])
    assert math.isnan(diverged["nc4_agreement"])

    features[labels == 0] = math.nan  # not the same as a class without samples
    diverged = collapse_metrics(features, labels, torch.eye(3, 5))
    assert all(math.isnan(value) for value in diverged.values())

    single = collapse_metrics(torch.ones(4, 5), labels[:4] * 0, torch.eye(3, 5))
    undefined = {"nc1_pinv", "nc1_trace_ratio", "cdnv", "nc2_etf", "nc3_duality", "nc3_product"}
    assert {name for name, value in single.items() if math.isnan(value)} == undefined


def test_mistakes_of_the_caller():
    labels = torch.arange(3).repeat(4)
    with pytest.raises(ValueError, match="no samples"):
        collapse_metrics(torch.zeros(0, 5), labels[:0], torch.eye(3, 5))
    with pytest.raises(ValueError, match="label 2 is not below the 2 classes"):
        collapse_metrics(torch.zeros(12, 5), labels, torch.eye(2, 5))


def test_nc4_uses_the_bias_and_never_a_missing_class():
    means = torch.tensor([[0.0, 1.0], [0.0, -1.0], [math.nan, math.nan]])
    weight = torch.tensor([[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]])
    features = torch.tensor([[0.0, 0.5], [0.0, -0.5], [0.0, 0.1], [0.0, -0.1]])
    assert nc4_agreement(features, weight, None, means) == 1
    assert nc4_agreement(features, weight, torch.tensor([0.0, 0.4, 0.0]), means) == 0.75
    assert nc4_agreement(features, weight, torch.tensor([0.0, 0.0, 9.0]), means) == 0


def test_train_and_test_columns():
    train, test = sample(0, spread=2.0), sample(1, spread=2.0)
    weight, bias = train[2:]
    metrics = train_test_collapse_metrics(train[:2], test[:2], weight, bias)
    assert set(metrics) == {
        *("nc1_pinv", "nc1_trace_ratio", "rnc1", "rnc1_max", "cdnv", "within_class_variance"),
        *("between_class_variance", "nc2_etf", "nc2_condition", "nc3_duality", "nc3_product"),
        *("nc4_agreement_train", "nc4_agreement_test", "rnc1_test"),
    }
    alone = collapse_metrics(*test[:2], weight, bias)
    assert metrics["rnc1_test"] == pytest.approx(alone["rnc1"]) == rnc1_on(*test[:2], 4)
    assert metrics["rnc1"] != metrics["rnc1_test"]
    means = class_means(*train[:2], 4)
    nearest = torch.cdist(test[0], means).argmin(1)
    agreement = ((test[0] @ weight.T + bias).argmax(1) == nearest).double().mean()
    assert metrics["nc4_agreement_test"] == pytest.approx(float(agreement))
    assert metrics["nc4_agreement_test"] != alone["nc4_agreement"]
