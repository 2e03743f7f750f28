"""NC4 and NC5 against loops, by hand, and where the deviations are small."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.collapse import class_means
from latephase.metrics.collapse.family import collapse_metrics, train_test_collapse_metrics
from tests.metrics.class_samples import on_a_frame, rotation, sample

COLUMNS = [
    f"nc4_{kind}_{split}{bias}"
    for kind in ("agreement", "mismatch")
    for split in ("train", "test")
    for bias in ("", "_without_bias")
]


def nc4(train, test, weight, bias=None):
    metrics = train_test_collapse_metrics(train, test, weight, bias)
    return {name: metrics[name] for name in COLUMNS}


def brute_force(train, test, weight, bias):
    """Sample by sample and class by class; the means are of the training set."""
    w, b = weight.double().numpy(), bias.double().numpy()
    means = {int(c): train[0][train[1] == c].double().mean(0).numpy() for c in train[1].unique()}
    expected = {}
    for split, (features, _) in {"train": train, "test": test}.items():
        for ending, offset in {"": b, "_without_bias": 0 * b}.items():
            agree = 0
            for h in features.double().numpy():
                nearest = min(means, key=lambda c, h=h: ((h - means[c]) ** 2).sum())
                agree += int(np.argmax(w @ h + offset) == nearest)
            expected[f"nc4_agreement_{split}{ending}"] = agree / len(features)
            expected[f"nc4_mismatch_{split}{ending}"] = (len(features) - agree) / len(features)
    return expected


@pytest.mark.parametrize(
    "case",
    [
        {},
        {"counts": (5, 1, 3)},
        {"counts": (9,) * 8, "dimension": 3},
        {"counts": (20, 0, 15, 0, 9)},
        {"counts": (40, 40, 0), "dimension": 2, "offset": 3.0},
        {"spread": 0.1, "offset": 4.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("numbers", [1, class_means.NUMBERS_AT_ONCE])
def test_brute_force(case, numbers, monkeypatch):
    monkeypatch.setattr(class_means, "NUMBERS_AT_ONCE", numbers)
    *train, weight, bias = sample(0, **case)
    # Test samples also of classes that have none in training, and with means of their own.
    test = sample(1, **case | {"counts": (11,) * len(weight), "offset": 0.3})[:2]
    expected = brute_force(train, test, weight, bias)
    assert nc4(train, test, weight, bias) == pytest.approx(expected, rel=1e-12)


def test_by_hand_with_and_without_bias():
    train = torch.tensor([[0.0, 1.0], [0.0, -1.0]]), torch.tensor([0, 1])
    test = (
        torch.tensor([[0.0, 0.5], [0.0, -0.5], [0.0, 0.1], [0.0, -0.1]]),
        torch.tensor([0, 1, 0, 1]),
    )
    weight = torch.tensor([[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]])
    for bias, train_share, test_share in (
        (None, 1, 1),
        (torch.tensor([0.0, 0.4, 0.0]), 1, 0.75),
        (torch.tensor([0.0, 0.0, 9.0]), 0, 0),  # a class without a mean is never the nearest
    ):
        metrics = nc4(train, test, weight, bias)
        assert metrics["nc4_agreement_train"] == train_share
        assert metrics["nc4_agreement_test"] == test_share
        assert metrics["nc4_mismatch_train"] == 1 - train_share
        assert metrics["nc4_mismatch_test"] == 1 - test_share
        assert metrics["nc4_agreement_test_without_bias"] == 1
        assert metrics["nc4_mismatch_train_without_bias"] == 0


@settings(max_examples=6)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-2, 1e2))
def test_invariances(seed, scale):
    *train, weight, bias = sample(seed)
    test = sample(seed + 1)[:2]
    before = nc4(train, test, weight, bias)
    turn = rotation(7, seed)
    shift = torch.arange(7, dtype=torch.float64)
    for change, head in (
        (lambda h: h @ turn, (weight @ turn, bias)),
        (lambda h: h * scale, (weight, bias * scale)),
        (lambda h: h, (weight * scale, bias * scale)),
    ):
        after = nc4(*((change(h), y) for h, y in (train, test)), *head)
        assert after == before
    shifted = nc4(*((h + shift, y) for h, y in (train, test)), weight, bias - weight @ shift)
    for name in COLUMNS:
        if "without" not in name:
            assert shifted[name] == before[name]


def test_a_shift_moves_the_decision_without_bias(simplex_frame):
    frame = simplex_frame(4, 6)
    shift = 9 * frame[2]  # everything looks like class 2, but for the bias
    features, labels = on_a_frame(frame, 0.05)
    data = features + shift, labels
    metrics = nc4(data, data, frame, -frame @ shift)
    assert metrics["nc4_agreement_train"] == metrics["nc4_agreement_test"] == 1
    assert metrics["nc4_agreement_train_without_bias"] == 0.25
    assert metrics["nc4_mismatch_test_without_bias"] == 0.75


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_deep_collapse_far_from_the_origin(simplex_frame, offset):
    """Every sample is nearest to its own class, however small the deviations and large h."""
    frame = 1e-3 * simplex_frame(5, 8)
    features, labels = on_a_frame(frame, 1e-9, offset=offset)
    weight = frame.clone()
    weight[[0, 1]] = weight[[1, 0]]  # the classifier confuses two of five
    shift = torch.full((8,), offset, dtype=torch.float64)
    metrics = nc4((features, labels), (features, labels), weight, -weight @ shift)
    assert metrics["nc4_agreement_train"] == pytest.approx(0.6)
    assert metrics["nc4_agreement_test"] == pytest.approx(0.6)


@pytest.mark.parametrize("distance", [1e-3, 1e-9])
def test_the_boundary_is_half_way_between_the_means(distance):
    """Samples just on either side, and a far one, so that their own means are far from there."""
    train = torch.tensor([[3.0, 1.0], [1.0, 1.0]], dtype=torch.float64), torch.tensor([0, 1])
    sides = distance * torch.tensor([-1.0, 1.0, -1.0, 1.0, 0.0], dtype=torch.float64)
    sides[4] = 1000
    height = torch.arange(5, dtype=torch.float64)
    test = torch.stack([2 + sides, height], 1), torch.tensor([0, 1, 0, 0, 0])
    weight = torch.tensor([[1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    for bias, agreement in (([-2, 0], 1), ([-2 - 2 * distance, 0], 0.6), ([9, 0], 0.6)):
        metrics = nc4(train, test, weight, torch.tensor(bias, dtype=torch.float64))
        assert metrics["nc4_agreement_test"] == agreement


def test_means_that_coincide_have_no_nearest():
    """A network that died would agree with itself on class 0 throughout, and look collapsed."""
    data = torch.full((12, 5), 0.1), torch.arange(3).repeat(4)
    metrics = nc4(data, data, torch.zeros(3, 5))
    assert all(math.isnan(value) for value in metrics.values())


def test_ties_go_to_the_smaller_class():
    train = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 5.0]]), torch.tensor([0, 1, 2])
    test = torch.tensor([[0.0, 0.0]]), torch.tensor([2])  # as far from class 0 as from class 1
    weight = torch.tensor([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]])
    for bias, agreement in (([0, 0, 0], 1), ([0, 1, 1], 0), ([-1, -1, -2], 1)):
        metrics = nc4(train, test, weight, torch.tensor(bias).float())
        assert metrics["nc4_agreement_test"] == agreement


def test_output_at_the_global_mean():
    features, labels, weight, bias = sample(counts=(50, 5, 20, 2))
    expected = weight @ features.mean(0)  # of the samples, not of the class means
    metrics = collapse_metrics(features, labels, weight, bias)
    assert metrics["output_at_global_mean"] == pytest.approx(float((expected + bias).norm()))
    without = collapse_metrics(features, labels, weight)
    assert without["output_at_global_mean"] == pytest.approx(float(expected.norm()))
    unweighted = weight @ torch.stack([features[labels == c].mean(0) for c in range(4)]).mean(0)
    assert float(unweighted.norm()) != pytest.approx(float(expected.norm()), rel=1e-3)


def test_output_at_the_global_mean_of_one_hot_targets(simplex_frame):
    """The squared loss at its optimum puts out the one-hot vectors, so 1/K each in the middle."""
    frame = simplex_frame(5, 8)
    labels = torch.arange(5).repeat(4)
    weight = torch.linalg.pinv(frame).T
    bias = torch.full((5,), 0.2, dtype=torch.float64)
    output = frame[labels] @ weight.T + bias
    assert torch.allclose(output, torch.eye(5, dtype=torch.float64)[labels])
    metrics = collapse_metrics(frame[labels], labels, weight, bias)
    assert metrics["output_at_global_mean"] == pytest.approx(1 / math.sqrt(5))


def test_nc5():
    features, labels, weight, bias = sample(offset=1.0)
    foreign = sample(5, counts=(600,))[0] * torch.tensor([1.0, -1, 1, -1, 1, -1, 1]) + 0.3
    metrics = collapse_metrics(features, labels, weight, bias, foreign.float())
    centre = foreign.float().double().mean(0)
    cosines = []
    for c in range(4):
        mean = features[labels == c].mean(0)
        cosines.append(float(mean @ centre / mean.norm() / centre.norm()))
    assert min(cosines) < 0 < max(cosines)
    assert metrics["nc5"] == pytest.approx(np.mean(np.abs(cosines)), rel=1e-12)
    assert "nc5" not in collapse_metrics(features, labels, weight, bias)
    orthogonal = torch.eye(4, 6, dtype=torch.float64)
    apart = collapse_metrics(
        orthogonal, torch.arange(4), orthogonal, None, torch.eye(6)[[4, 5]] * 3
    )
    assert apart["nc5"] == pytest.approx(0, abs=1e-15)
