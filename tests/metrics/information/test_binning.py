"""Binned information against a dictionary of rows, and where it saturates."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.information.binning import binned_information, row_groups
from latephase.metrics.information.columns import BINNING


def sample(seed=0, samples=300, dimension=6, classes=4):
    """ReLU features: many zeros, and no largest value."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (samples,), generator=generator)
    centres = 2 * torch.randn(classes, dimension, generator=generator)
    noise = 0.3 * torch.randn(samples, dimension, generator=generator)
    return (centres[labels] + noise).relu(), labels


def entropy(things):
    shares = [count / len(things) for count in Counter(things).values()]
    return -sum(share * math.log(share) for share in shares)


def brute_force(representation, labels, width):
    rows = [tuple(math.floor(t / width) for t in row) for row in representation.double().tolist()]
    labels = labels.tolist()
    given_y = 0.0
    for label in set(labels):
        own = [row for row, y in zip(rows, labels, strict=True) if y == label]
        given_y += len(own) / len(rows) * entropy(own)
    return entropy(rows), entropy(rows) - given_y


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("dimension", [1, 6, 40])
def test_dictionary_of_rows(seed, dimension):
    representation, labels = sample(seed, dimension=dimension)
    before = representation.clone()
    expected = {"binned_log_n": math.log(300)}
    for width in (0.5, 0.07):
        x, y = brute_force(representation, labels, width)
        expected |= {f"binned_x_width_{width:g}": x, f"binned_y_width_{width:g}": y}
    assert binned_information(representation, labels) == pytest.approx(expected, rel=1e-9)
    assert binned_information(representation.double(), labels) == pytest.approx(expected, rel=1e-9)
    assert set(expected) == set(BINNING)
    assert torch.equal(representation, before)


def same_partition(groups, others):
    pairs = torch.stack([groups, others], 1)
    return len(pairs.unique(dim=0)) == len(groups.unique()) == len(others.unique())


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    dimension=st.integers(1, 70),
    bins=st.sampled_from([2, 3, 50, 10**5, 10**7, 10**14]),
    distinct=st.sampled_from([1, 2, 17, 60]),
)
def test_equal_rows_and_no_others_are_one_cell(seed, dimension, bins, distinct):
    """More bins than 62 bits hold, at any number of features: no two cells by chance in one."""
    generator = torch.Generator().manual_seed(seed)
    cells = torch.randint(bins, (distinct, dimension), generator=generator)
    cells[1::2] = cells[::2][: distinct // 2]  # neighbours differ in one feature only
    cells[1::2, int(torch.randint(dimension, (), generator=generator))] += 1
    rows = cells[torch.randint(distinct, (60,), generator=generator)].double() - bins / 3
    expected = rows.unique(dim=0, return_inverse=True)[1]
    assert same_partition(row_groups(rows), expected)
    assert same_partition(row_groups(rows, 1.0), rows.floor().unique(dim=0, return_inverse=True)[1])
    assert same_partition(row_groups(rows * 0.5, 0.5), row_groups(rows, 1.0))


@pytest.mark.parametrize("feature", [0, 5, 79])
def test_no_feature_is_lost_where_an_integer_would_overflow(feature):
    """80 features of two bins: as one number, 2^80 of them, of which int64 keeps the last 64."""
    rows = torch.randint(2, (40, 80), generator=torch.Generator().manual_seed(0)).double()
    rows[20:] = rows[:20]
    rows[20:, feature] = 1 - rows[20:, feature]
    for width in (None, 1.0):
        assert len(row_groups(rows, width).unique()) == 40


def test_rows_that_differ_in_the_last_bit_differ():
    rows = torch.full((3, 40), 0.1)
    rows[1, 39] = torch.nextafter(rows[1, 39], torch.tensor(1.0))
    groups = row_groups(rows)
    assert groups[0] == groups[2] != groups[1]
    rows = torch.tensor([[0.0], [-0.0], [1e-40]])
    assert torch.equal(row_groups(rows), torch.tensor([0, 0, 1]))


def test_constant_collapsed_and_all_apart():
    labels = torch.arange(40) % 4
    for representation, x, y in (
        (torch.full((40, 9), 0.7), 0, 0),
        (3 * torch.eye(4)[labels], math.log(4), math.log(4)),
        (3 * torch.eye(40), math.log(40), math.log(4)),
    ):
        metrics = binned_information(representation, labels)
        for width in ("0.5", "0.07"):
            assert metrics[f"binned_x_width_{width}"] == pytest.approx(x, abs=1e-12)
            assert metrics[f"binned_y_width_{width}"] == pytest.approx(y, abs=1e-12)
    constant = binned_information(torch.full((40, 9), 0.7), labels)
    assert constant["binned_x_width_0.5"] == 0  # not 1e-16


def test_trap_bins_fixed_to_minus_one_and_one_with_relu():
    """IDNNs: 30 bins on [−1, 1] put every ReLU feature above 1 into the last one."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    representation = 2 + 3 * labels[:, None] + torch.rand(300, 1, generator=generator)
    metrics = binned_information(representation, labels)
    assert metrics["binned_y_width_0.5"] == pytest.approx(math.log(3))
    assert metrics["binned_x_width_0.5"] > math.log(3)
    fixed = torch.bucketize(representation.contiguous(), torch.linspace(-1, 1, 30))
    assert len(fixed.unique()) == 1  # nothing left of it


def test_trap_saturation_reads_every_labelling_as_known():
    """With all samples in cells of their own I(Y; T) is H(Y), of random labels too."""
    representation, _ = sample(dimension=100)
    random = torch.randint(4, (300,), generator=torch.Generator().manual_seed(1))
    metrics = binned_information(representation, random)
    assert metrics["binned_x_width_0.07"] == metrics["binned_log_n"] == math.log(300)
    assert metrics["binned_y_width_0.07"] == pytest.approx(entropy(random.tolist()))


def test_trap_scaling_the_features_is_dividing_the_width():
    representation, labels = sample()
    before = binned_information(representation, labels)
    after = binned_information(representation * 0.5 / 0.07, labels)
    assert before["binned_x_width_0.5"] < before["binned_x_width_0.07"] - 0.5
    assert after["binned_x_width_0.5"] == pytest.approx(before["binned_x_width_0.07"], rel=0.01)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), scale=st.integers(-4, 4))
def test_order_bounds_and_scaling(seed, scale):
    representation, labels = sample(seed)
    before = binned_information(representation, labels)
    for width in ("0.5", "0.07"):
        x, y = before[f"binned_x_width_{width}"], before[f"binned_y_width_{width}"]
        assert -1e-12 <= y <= min(x, entropy(labels.tolist())) + 1e-12
        assert x <= before["binned_log_n"]
    order = torch.randperm(300, generator=torch.Generator().manual_seed(seed))
    columns = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
    after = binned_information(representation[order][:, columns], labels[order])
    assert after == pytest.approx(before, rel=1e-9)
    # A power of two changes no bit of the quotients.
    scaled = binned_information(2.0**scale * representation, labels, [2.0**scale * 0.5])
    width = f"{2.0**scale * 0.5:g}"
    assert scaled[f"binned_x_width_{width}"] == before["binned_x_width_0.5"]


def test_not_finite_is_nan_in_every_column():
    representation, labels = sample()
    for value in (math.nan, math.inf):
        representation[3, 1] = value
        metrics = binned_information(representation, labels)
        assert list(metrics) == list(BINNING)
        assert all(math.isnan(v) for v in metrics.values())
