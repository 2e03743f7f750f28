"""NC1 against explicit covariances and pseudo-inverses, its relations, and deep collapse."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.collapse import class_means
from latephase.metrics.collapse.family import collapse_metrics, train_test_collapse_metrics
from tests.metrics.class_samples import on_a_frame, sample

COLUMNS = (
    *("nc1_pinv", "nc1_pinv_weighted", "nc1_trace_ratio", "nc1_trace_ratio_unweighted"),
    *("rnc1", "rnc1_max", "cdnv", "cdnv_sum", "within_class_variance", "between_class_variance"),
)


def variability(*arguments):
    metrics = collapse_metrics(*arguments)
    return {name: metrics[name] for name in COLUMNS}


def brute_force(features, labels, classes):
    """The definitions written out with explicit [d, d] covariances and loops, in numpy."""
    h, y = features.numpy(), labels.numpy()
    present = np.unique(y)
    mean = {c: h[y == c].mean(0) for c in present}
    sigma_w = sum(np.outer(x - mean[c], x - mean[c]) for x, c in zip(h, y, strict=True)) / len(h)
    each = [
        np.outer(mean[c] - m, mean[c] - m) for m in [np.mean([*mean.values()], 0)] for c in mean
    ]
    seen = [np.outer(mean[c] - h.mean(0), mean[c] - h.mean(0)) for c in present]
    share = [np.mean(y == c) for c in present]
    pinv = lambda outer: np.linalg.pinv(np.mean(outer, 0), rcond=1e-10, hermitian=True)  # noqa: E731
    norms = [math.sqrt(x @ x) for x in h]
    summed = {c: sum(((x - mean[c]) ** 2).sum() for x in h[y == c]) for c in present}
    pairs, sums = [], []
    for c, e in itertools.permutations(present, 2):
        distance = ((mean[c] - mean[e]) ** 2).sum()
        sums.append((summed[c] + summed[e]) / (2 * distance))
        pairs.append((summed[c] / sum(y == c) + summed[e] / sum(y == e)) / (2 * distance))
    between = sum(s * np.trace(outer) for s, outer in zip(share, seen, strict=True))
    return {
        "nc1_pinv": np.trace(sigma_w @ pinv(each)) / classes,
        "nc1_pinv_weighted": np.trace(sigma_w @ pinv(seen)) / classes,
        "nc1_trace_ratio": np.trace(sigma_w) / between,
        "nc1_trace_ratio_unweighted": np.trace(sigma_w) / np.trace(np.mean(each, 0)),
        "rnc1": np.trace(sigma_w) / np.mean(norms) ** 2,
        "rnc1_max": np.trace(sigma_w) / max(norms) ** 2,
        "cdnv": np.mean(pairs),
        "cdnv_sum": np.sum(sums),
        "within_class_variance": np.trace(sigma_w),
        "between_class_variance": between,
    }


CASES = [
    {},
    {"counts": (5, 1, 3)},  # a class of one sample
    {"counts": (1, 60, 1)},
    {"counts": (2, 2), "dimension": 9},
    {"counts": (9,) * 8, "dimension": 3},  # more classes than dimensions
    {"counts": (20, 0, 15, 0, 9)},  # classes without samples
    {"counts": (3, 200, 40), "spread": 0.1, "offset": 4.0},
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("numbers", [1, 200, class_means.NUMBERS_AT_ONCE])
def test_brute_force(case, numbers, monkeypatch):
    monkeypatch.setattr(class_means, "NUMBERS_AT_ONCE", numbers)  # one row, a few, all at once
    arguments = sample(**case)
    expected = brute_force(*arguments[:2], len(arguments[2]))
    assert variability(*arguments) == pytest.approx(expected, rel=1e-9, abs=0)


def test_unbalanced_classes_tell_the_variants_apart():
    metrics = variability(*sample(counts=(100, 10, 5), spread=0.5))
    for one, other in (
        ("nc1_pinv", "nc1_pinv_weighted"),
        ("nc1_trace_ratio", "nc1_trace_ratio_unweighted"),
        ("rnc1", "rnc1_max"),
    ):
        assert metrics[one] != pytest.approx(metrics[other], rel=0.02)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 6), each=st.integers(1, 9))
def test_balanced_classes_make_the_variants_equal(seed, classes, each):
    metrics = variability(*sample(seed, counts=(each,) * classes))
    assert metrics["nc1_pinv"] == pytest.approx(metrics["nc1_pinv_weighted"], rel=1e-12)
    ratio = metrics["nc1_trace_ratio"]
    assert ratio == pytest.approx(metrics["nc1_trace_ratio_unweighted"], rel=1e-12)
    pairs = classes * (classes - 1)
    assert metrics["cdnv_sum"] == pytest.approx(pairs * each * metrics["cdnv"], rel=1e-12)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), counts=st.lists(st.integers(1, 30), min_size=2, max_size=6))
def test_relations_that_always_hold(seed, counts):
    features, labels, weight, _ = sample(seed, counts=tuple(counts), spread=5.0)
    metrics = variability(features, labels, weight)
    total = (features - features.mean(0)).square().sum(1).mean()
    parts = metrics["within_class_variance"] + metrics["between_class_variance"]
    assert parts == pytest.approx(float(total), rel=1e-12)
    assert metrics["rnc1_max"] <= 1
    assert metrics["rnc1_max"] <= metrics["rnc1"]
    assert metrics["nc1_pinv_weighted"] <= metrics["nc1_pinv"] * (1 + 1e-12)


def test_rnc1_exceeds_one_where_norms_differ():
    features = torch.tensor([[0.0], [0.0], [0.0], [8.0]])
    metrics = variability(features, torch.tensor([0, 0, 0, 0]), torch.ones(1, 1))
    assert metrics["rnc1"] == pytest.approx(12 / 4)
    assert metrics["rnc1_max"] == pytest.approx(12 / 64)


def test_relations_between_variants_on_a_simplex(simplex_frame):
    classes, dimension, noise = 5, 8, 0.3
    frame = 2 * simplex_frame(classes, dimension)
    metrics = variability(*on_a_frame(frame, noise), frame)
    ratio = noise**2 / 4
    assert metrics["nc1_trace_ratio"] == pytest.approx(ratio, rel=1e-12)
    assert metrics["cdnv"] == pytest.approx(ratio * (classes - 1) / (2 * classes), rel=1e-12)
    # Isotropic noise spreads over d directions of which the K − 1 of the means count.
    expected = ratio * (classes - 1) ** 2 / (dimension * classes)
    assert metrics["nc1_pinv"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("ratio", [1e-4, 1e-8, 1e-12])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_deep_collapse(simplex_frame, ratio, offset):
    frame = simplex_frame(5, 8)
    metrics = variability(*on_a_frame(frame, math.sqrt(ratio), offset=offset), frame)
    assert metrics["nc1_trace_ratio"] == pytest.approx(ratio, rel=1e-6, abs=0)
    assert metrics["cdnv"] == pytest.approx(ratio * 4 / 10, rel=1e-6, abs=0)
    assert metrics["nc1_pinv"] == pytest.approx(ratio * 16 / 40, rel=1e-6, abs=0)


def exact_variances(features, labels, classes):
    """Within and between of classes of equal size, in whole numbers: only the last step rounds."""
    scale = 2**60
    h = [[int(value * scale) for value in row] for row in features.tolist()]
    assert [[value / scale for value in row] for row in h] == features.tolist()
    each, samples = len(h) // classes, len(h)
    sums = [
        [sum(column) for column in zip(*(h[i] for i in own), strict=True)]
        for own in ((labels == c).nonzero().flatten().tolist() for c in range(classes))
    ]
    total = [sum(column) for column in zip(*sums, strict=True)]
    within = sum(
        (each * a - s) ** 2
        for row, c in zip(h, labels.tolist(), strict=True)
        for a, s in zip(row, sums[c], strict=True)
    )
    between = sum((classes * s - t) ** 2 for row in sums for s, t in zip(row, total, strict=True))
    return within / (each**2 * samples * scale**2), between / (classes * samples**2 * scale**2)


@pytest.mark.parametrize("noise", [1e-4, 1e-6])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_float32_features_are_as_good_as_their_values(simplex_frame, noise, offset):
    """NC1 of 1e-8 and of 1e-12 from a float32 checkpoint, to 1e-9 of what its numbers say."""
    features, labels = on_a_frame(simplex_frame(5, 8), noise, torch.float32, offset)
    within, between = exact_variances(features, labels, 5)
    assert within / between == pytest.approx(noise**2, rel=0.2)
    metrics = variability(features, labels, simplex_frame(5, 8).float())
    assert metrics["within_class_variance"] == pytest.approx(within, rel=1e-9, abs=0)
    assert metrics["between_class_variance"] == pytest.approx(between, rel=1e-9, abs=0)
    assert metrics["nc1_trace_ratio"] == pytest.approx(within / between, rel=1e-9, abs=0)


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_directions_that_vanish_are_not_inverted(offset):
    labels = torch.arange(3).repeat_interleave(2)
    features = torch.zeros(6, 4, dtype=torch.float64)
    features[:, 0] = labels.double()  # three means on a line: rank 1, not 2
    features[:, 1] = torch.tensor([1.0, -1.0] * 3)
    features[:, 0] += torch.tensor([0.1, -0.1] * 3)
    turn = torch.linalg.qr(sample(4, counts=(4,))[0][:, :4]).Q
    metrics = variability(features @ turn + offset, labels, torch.eye(3, 4))
    assert metrics["nc1_pinv"] == pytest.approx(0.01 / (2 / 3) / 3)
    assert metrics["nc1_pinv_weighted"] == pytest.approx(0.01 / (2 / 3) / 3)


def test_a_class_mean_that_is_the_global_mean_has_no_direction():
    """Three means on a line: what is left of the middle one is rounding, and its angles too."""
    line = torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64)
    step, offset = ([1 / 3, 0.1, 0.7], [7.1, 5.3, 1e3])
    features = line * line.new_tensor(step) + line.new_tensor(offset)
    centred = features - features.mean(0)
    assert centred[1].norm() > 0
    metrics = collapse_metrics(features, torch.arange(3), torch.eye(3))
    for name in ("nc2_equiangle", "nc2_max_angle", "means_cosine_min", "gnc2_log_mean"):
        assert math.isnan(metrics[name]), name
    assert metrics["nc2_etf"] == pytest.approx(math.sqrt(2 - math.sqrt(2)))


def test_a_small_direction_is_inverted_all_the_same(simplex_frame):
    """Means that differ along one direction a million times less than along the others count."""
    stretch = torch.tensor([1.0, 1.0, 1e-6, 1.0, 1.0], dtype=torch.float64)
    frame = torch.zeros(4, 5, dtype=torch.float64)
    frame[:, :3] = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    features, labels = on_a_frame(frame, 0.01)
    metrics = variability(features * stretch, labels, frame)
    plain = variability(features, labels, frame)
    assert metrics["nc1_pinv"] == pytest.approx(plain["nc1_pinv"], rel=1e-9)


def test_equal_class_means():
    """Nothing to divide by: NaN for the pinv form, infinite for the ratios, never a number."""
    features = torch.tensor([0.1, 0.7], dtype=torch.float64).repeat(6)[:, None].repeat(1, 3)
    apart = variability(features, torch.arange(6).repeat_interleave(2), torch.ones(6, 3))
    assert math.isnan(apart["nc1_pinv"])
    assert math.isnan(apart["nc1_pinv_weighted"])
    assert not math.isfinite(apart["nc1_trace_ratio"])
    assert not math.isfinite(apart["cdnv"])

    constant = torch.full((12, 3), 0.1)  # float32: as a dead layer puts out
    dead = variability(constant, torch.arange(3).repeat(4), torch.ones(3, 3))
    assert dead["within_class_variance"] == dead["between_class_variance"] == dead["rnc1"] == 0
    undefined = {"nc1_pinv", "nc1_pinv_weighted", "nc1_trace_ratio", "nc1_trace_ratio_unweighted"}
    assert all(math.isnan(dead[name]) for name in undefined | {"cdnv", "cdnv_sum"})


def test_test_columns_are_around_the_test_means():
    train, test = sample(0, spread=2.0), sample(1, counts=(7, 80, 3, 20), spread=2.0)
    weight, bias = train[2:]
    metrics = train_test_collapse_metrics(train[:2], test[:2], weight, bias)
    alone = variability(*test[:2], weight, bias)
    assert metrics["rnc1_test"] == pytest.approx(alone["rnc1"], rel=1e-12)
    for name in ("within_class_variance", "between_class_variance"):
        assert metrics[f"{name}_test"] == pytest.approx(alone[name], rel=1e-12)
    total = (test[0] - test[0].mean(0)).square().sum(1).mean()
    parts = metrics["within_class_variance_test"] + metrics["between_class_variance_test"]
    assert parts == pytest.approx(float(total), rel=1e-12)
    assert metrics["rnc1"] != pytest.approx(metrics["rnc1_test"], rel=0.01)


def test_rnc1_of_test_samples_around_the_training_means():
    train, test = sample(0, spread=2.0), sample(1, counts=(7, 80, 3, 20), spread=2.0)
    weight, bias = train[2:]
    metrics = train_test_collapse_metrics(train[:2], test[:2], weight, bias)
    means = [train[0][train[1] == label].mean(0) for label in range(4)]
    squares = [(h - means[label]).square().sum() for h, label in zip(*test[:2], strict=True)]
    norm = test[0].norm(dim=1).mean()
    expected = sum(squares) / len(squares) / norm.square()
    assert metrics["rnc1_test_around_train"] == pytest.approx(float(expected), rel=1e-12)
    assert metrics["rnc1_test_around_train"] > metrics["rnc1_test"]

    known = train[1] != 3
    lacking = train_test_collapse_metrics(
        (train[0][known], train[1][known]), test[:2], weight, bias
    )
    kept = [s for s, label in zip(squares, test[1], strict=True) if label != 3]
    expected = sum(kept) / len(kept) / norm.square()
    assert lacking["rnc1_test_around_train"] == pytest.approx(float(expected), rel=1e-12)


def test_within_class_variance_estimates_that_of_the_population():
    """Low by 1 − C/N on average: 3 classes of 5 with unit variance in 4 dimensions."""
    values = [
        variability(*sample(seed, counts=(5, 5, 5), dimension=4))["within_class_variance"]
        for seed in range(60)
    ]
    error = np.std(values) / math.sqrt(len(values))
    assert np.mean(values) == pytest.approx(4 * (1 - 3 / 15), abs=4 * error)
    assert error < 0.15
