"""The family as a whole: its columns, its limits, and the program that measures them."""

import math

import pytest
import torch

from latephase.datasets.stored import Data
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.information import (
    COLUMNS,
    binning,
    family,
    kolchinsky_tracey,
    nhsic,
    redundancy,
    spectrum,
)
from latephase.metrics.information.columns import SPECTRUM
from scripts.extract import information


def sample(samples=200, classes=4):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(samples) % classes
    inputs = torch.randn(samples, 1, 3, 3, generator=generator) + labels[:, None, None, None]
    return (inputs.flatten(1) @ torch.randn(9, 12, generator=generator)).relu(), inputs, labels


def measured(representation, inputs, labels, classes=4):
    return family.information_metrics(
        representation, inputs, labels, classes, torch.Generator().manual_seed(0)
    )


def test_every_group_by_hand():
    representation, inputs, labels = sample()
    metrics = measured(representation, inputs, labels)
    assert list(metrics) == list(COLUMNS)
    generator = torch.Generator().manual_seed(0)
    batches = nhsic.nhsic_batches(inputs, labels, 4, generator)
    rows = kolchinsky_tracey.kt_samples(200, generator)
    by_hand = nhsic.nhsic(representation, batches)
    by_hand |= kolchinsky_tracey.kt_information(representation, labels, rows)
    by_hand |= binning.binned_information(representation, labels)
    by_hand |= redundancy.redundancy_bounds(representation, labels)
    by_hand |= spectrum.spread_metrics(representation)
    assert metrics == by_hand
    assert all(math.isfinite(value) for value in metrics.values())
    samples = family.prepare(inputs, labels, 4, torch.Generator().manual_seed(0))
    assert family.measure(representation, samples) == metrics


def test_many_samples_are_measured_in_pairs_on_a_thousand():
    representation, inputs, labels = sample(1200)
    metrics = measured(representation, inputs, labels)
    assert metrics["kt_log_n"] == math.log(1000)
    assert metrics["binned_log_n"] == math.log(1200)


def test_float64_inside():
    representation, inputs, labels = sample()
    single = measured(representation, inputs, labels)
    double = measured(representation.double(), inputs.double(), labels)
    assert single == pytest.approx(double, rel=1e-12)


def test_trap_a_constant_representation_has_no_information():
    _, inputs, labels = sample()
    metrics = measured(torch.full((200, 12), 0.3), inputs, labels)
    sizes = {name: metrics.pop(name) for name in ("kt_log_n", "binned_log_n")}
    assert sizes == dict.fromkeys(sizes, math.log(200))
    for name in SPECTRUM:
        metrics.pop(name)
    assert metrics == pytest.approx(dict.fromkeys(metrics, 0), abs=1e-9)


def test_the_limit_of_collapse(simplex_frame):
    """H(Y) of X and of Y, 0 of X given Y, K − 1 of nHSIC: what the docstring says."""
    _, inputs, labels = sample()
    metrics = measured(30 * simplex_frame(4, 12)[labels], inputs, labels)
    for name, value in metrics.items():
        if name.endswith("log_n") or name.startswith("nhsic") or name in SPECTRUM:
            continue
        if name.startswith("kt") and name.endswith("relative_variance_0.1"):
            continue  # this much noise has lost a part of the classes
        none_left = "given_y" in name or name.startswith("redundancy")
        tolerance = 1e-5 if "0.01" in name else 1e-9
        assert value == pytest.approx(0 if none_left else math.log(4), abs=tolerance), name
    assert metrics["nhsic_centred_y"] == pytest.approx(3, rel=0.01)
    assert metrics["kt_lower_x_relative_variance_0.1"] < 0.95 * math.log(4)


def test_contraction_is_seen(simplex_frame):
    """What sakamoto2026 says falls late does, as the variance within classes goes to 0."""
    _, inputs, labels = sample()
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(200, 12, generator=generator)
    falling = (
        "nhsic_difference",
        "kt_upper_x_given_y_relative_variance_0.01",
        "kt_lower_x_given_y_relative_variance_0.01",
        "redundancy_logdet_bound_relative_variance_0.01",
        "redundancy_trace_bound_relative_variance_0.01",
    )
    rows = [
        measured(5 * simplex_frame(4, 12)[labels] + spread * noise, inputs, labels)
        for spread in (1.0, 0.3, 0.1, 0.01)
    ]
    for name in falling:
        values = [row[name] for row in rows]
        assert values == sorted(values, reverse=True), name
        assert values[-1] < 0.35 * values[0], name


def test_not_finite_is_nan_in_every_column():
    representation, inputs, labels = sample()
    for value in (math.nan, math.inf, -math.inf):
        representation[3, 1] = value
        metrics = measured(representation, inputs, labels)
        assert list(metrics) == list(COLUMNS)
        assert all(math.isnan(v) for v in metrics.values())


def test_less_than_a_batch_is_refused_by_hand():
    representation, inputs, labels = sample(99)
    with pytest.raises(ValueError, match="99 samples do not fill a batch of 100"):
        measured(representation, inputs, labels)


class Features(torch.nn.Module):
    """A network for the program: features of the inputs, in their order."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(9, 4)

    def features(self, x):
        return x.flatten(1)


def by_program(inputs, labels):
    data = Data(inputs[:10], labels[:10], inputs, labels, 4, {})
    model = Features()
    snapshot = Snapshot({}, model, dict(model.named_parameters()), data)
    return information.measuring(data)(snapshot)


def test_the_program_measures_the_test_set():
    _, inputs, labels = sample()
    expected = measured(inputs.flatten(1), inputs, labels)
    assert by_program(inputs, labels) == pytest.approx(expected, rel=1e-12)


def test_a_test_set_smaller_than_a_batch_has_no_nhsic_but_all_else():
    _, inputs, labels = sample(99)
    metrics = by_program(inputs, labels)
    assert list(metrics) == list(COLUMNS)
    for name, value in metrics.items():
        assert math.isnan(value) == name.startswith("nhsic"), name
