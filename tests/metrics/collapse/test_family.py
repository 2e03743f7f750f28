"""All collapse metrics together: exact collapse, invariances, odd classes, runs that diverged."""

import math

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.collapse import class_means
from latephase.metrics.collapse.family import collapse_metrics, train_test_collapse_metrics
from tests.measuring.memory import Largest
from tests.metrics.class_samples import on_a_frame, rotation, sample

VARIABILITY = (
    *("nc1_pinv", "nc1_pinv_weighted", "nc1_trace_ratio", "nc1_trace_ratio_unweighted"),
    *("rnc1", "rnc1_max", "cdnv", "cdnv_sum"),
)
FRAMES = (
    *("nc2_etf", "nc2_etf_weight", "nc2_etf_weight_centred", "nc2_equinorm"),
    *("nc2_equinorm_weight", "nc2_equiangle", "nc2_equiangle_weight", "nc2_max_angle"),
    *("nc2_max_angle_weight", "gnc2_log_variance", "gnc2_riesz1_variance"),
    *("nc3_duality", "nc3_product", "nc3_product_centred", "unc3"),
)
TRAINING = {
    *VARIABILITY,
    *FRAMES,
    *("within_class_variance", "between_class_variance", "nc2_condition", "nc3_cosine"),
    *("means_cosine_min", "means_cosine_max", "weight_cosine_min", "weight_cosine_max"),
    *("means_angle_mean", "gnc2_log_mean", "gnc2_riesz1_mean", "output_at_global_mean"),
    *("nc4_agreement_train", "nc4_agreement_train_without_bias"),
    *("nc4_mismatch_train", "nc4_mismatch_train_without_bias"),
    *("weight_spectrum", "means_spectrum", "weight_effective_rank", "means_effective_rank"),
    *("weight_stable_rank", "means_stable_rank"),
}
HELD_OUT = {
    *("rnc1_test", "rnc1_test_around_train"),
    *("within_class_variance_test", "between_class_variance_test"),
    *("nc4_agreement_test", "nc4_agreement_test_without_bias"),
    *("nc4_mismatch_test", "nc4_mismatch_test_without_bias"),
}


def flat(metrics):
    """Lists taken apart, for approx."""
    spectra = {k: v for k, v in metrics.items() if isinstance(v, list)}
    values = {k: v for k, v in metrics.items() if k not in spectra}
    return values | {f"{k}_{i}": x for k, v in spectra.items() for i, x in enumerate(v)}


def both(seed=0, **changes):
    """Arguments of train_test_collapse_metrics."""
    *train, weight, bias = sample(seed, **{"spread": 2.0} | changes)
    return tuple(train), sample(seed + 1, spread=2.0)[:2], weight, bias


def test_columns():
    train, test, weight, bias = both()
    assert set(collapse_metrics(*train, weight, bias)) == TRAINING
    assert set(train_test_collapse_metrics(train, test, weight, bias)) == TRAINING | HELD_OUT


def test_exact_collapse(simplex_frame):
    frame = simplex_frame(6, 11)
    labels = torch.arange(6).repeat(5)
    offset = torch.arange(11, dtype=torch.float64)
    data = 3 * frame[labels] + offset, labels
    metrics = train_test_collapse_metrics(data, data, 0.7 * frame, -0.7 * frame @ offset)
    for name in (*VARIABILITY, "rnc1_test", "rnc1_test_around_train"):
        assert metrics[name] == pytest.approx(0, abs=1e-24), name
    for name in (*FRAMES, "output_at_global_mean"):
        assert metrics[name] == pytest.approx(0, abs=1e-12), name
    for split in ("train", "test"):
        assert metrics[f"nc4_agreement_{split}"] == 1
        assert metrics[f"nc4_mismatch_{split}"] == 0
    for name in ("between_class_variance", "between_class_variance_test"):
        assert metrics[name] == pytest.approx(9)
    assert metrics["nc3_cosine"] == pytest.approx(1)
    assert metrics["nc2_condition"] > 1.1  # the offset: no orthogonal frame


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3))
def test_invariances(seed, scale):
    train, test, weight, bias = both(seed)
    before = flat(train_test_collapse_metrics(train, test, weight, bias))

    def after(change, weight, bias):
        data = ((change(features), labels) for features, labels in (train, test))
        return flat(train_test_collapse_metrics(*data, weight, bias))

    turn = rotation(7, seed)
    rotated = after(lambda h: h @ turn, weight @ turn, bias)
    assert rotated == pytest.approx(before, rel=1e-8, abs=1e-12)

    scaled = after(lambda h: scale * h, weight / scale, bias)
    for name in scaled:
        if "class_variance" in name:
            scaled[name] /= scale**2
        if name.startswith("means_spectrum"):
            scaled[name] /= scale
        if name.startswith("weight_spectrum"):
            scaled[name] *= scale
    assert scaled == pytest.approx(before, rel=1e-8, abs=1e-11)

    shift = scale * torch.ones(7, dtype=torch.float64)
    shifted = after(lambda h: h + shift, weight, bias - weight @ shift)
    moved = {"rnc1", "rnc1_max", "rnc1_test", "rnc1_test_around_train", "nc2_condition"}
    for name in moved:
        assert shifted.pop(name) != pytest.approx(before.pop(name), rel=1e-6, abs=0)
    for metrics in (shifted, before):
        for name in [name for name in metrics if "without_bias" in name]:
            metrics.pop(name)
    assert shifted == pytest.approx(before, rel=1e-6, abs=1e-9)


def test_order_of_samples_and_names_of_classes_do_not_matter():
    train, test, weight, bias = both()
    before = flat(train_test_collapse_metrics(train, test, weight, bias))
    generator = torch.Generator().manual_seed(3)
    rows = torch.randperm(len(train[1]), generator=generator)
    shuffled = train_test_collapse_metrics((train[0][rows], train[1][rows]), test, weight, bias)
    assert flat(shuffled) == pytest.approx(before, rel=1e-10, abs=1e-13)
    names = torch.tensor([2, 0, 3, 1])
    order = names.argsort()
    data = ((features, names[labels]) for features, labels in (train, test))
    renamed = train_test_collapse_metrics(*data, weight[order], bias[order])
    assert flat(renamed) == pytest.approx(before, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("missing", [0, 2, 5])
def test_a_missing_class_is_left_out(simplex_frame, missing):
    frame = simplex_frame(6, 9)
    features, labels = on_a_frame(frame, 0.1)
    some = labels != missing
    metrics = collapse_metrics(features[some], labels[some], frame)
    assert metrics["nc2_etf"] == pytest.approx(0, abs=1e-14)  # a face of a simplex is a simplex
    assert all(math.isfinite(value) for value in flat(metrics).values())
    # The same samples under a classifier that knows no sixth class.
    relabelled = labels[some] - (labels[some] > missing).long()
    rows = torch.tensor([c for c in range(6) if c != missing])
    without = collapse_metrics(features[some], relabelled, frame[rows])
    for name in ("nc1_pinv", "nc1_pinv_weighted"):
        assert metrics.pop(name) == pytest.approx(without.pop(name) * 5 / 6)  # K, the classifier's
    for name in [name for name in metrics if "weight" in name or name == "output_at_global_mean"]:
        metrics.pop(name), without.pop(name)
    assert flat(metrics) == pytest.approx(flat(without), rel=1e-9, abs=1e-12)


def test_a_class_missing_in_the_test_set_or_only_in_training():
    train, test, weight, bias = both()
    known = train[1] != 3
    metrics = train_test_collapse_metrics((train[0][known], train[1][known]), test, weight, bias)
    assert all(math.isfinite(value) for value in flat(metrics).values())
    known = test[1] != 0
    fewer = train_test_collapse_metrics(train, (test[0][known], test[1][known]), weight, bias)
    assert all(math.isfinite(value) for value in flat(fewer).values())


def test_classes_of_one_sample():
    """Without variance, and with all else: each sample is its class's mean."""
    features, labels, weight, bias = sample(counts=(1, 1, 1, 1))
    metrics = collapse_metrics(features, labels, weight, bias)
    for name in VARIABILITY:
        assert metrics[name] == 0, name
    assert metrics["nc2_etf"] > 0
    assert math.isfinite(metrics["nc4_agreement_train"])


def test_a_single_class_has_no_frame():
    metrics = collapse_metrics(torch.ones(4, 5), torch.zeros(4, dtype=torch.long), torch.eye(3, 5))
    defined = {name for name, value in flat(metrics).items() if not math.isnan(value)}
    assert defined & {"nc1_pinv", "nc1_trace_ratio", "cdnv", "cdnv_sum"} == set()
    assert {name for name in defined if name.startswith(("nc2", "gnc2", "nc3", "unc3"))} == {
        *("nc2_condition", "nc2_etf_weight", "nc2_etf_weight_centred", "nc2_equinorm_weight"),
        *("nc2_equiangle_weight", "nc2_max_angle_weight"),
    }
    assert metrics["rnc1"] == metrics["within_class_variance"] == 0
    assert metrics["nc4_agreement_train"] == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["features", "weight", "bias"])
def test_a_run_that_diverged_is_nan_in_every_column(bad, where):
    train, test, weight, bias = both()
    expected = flat(train_test_collapse_metrics(train, test, weight, bias))
    {"features": train[0], "weight": weight, "bias": bias}[where].view(-1)[5 % len(bias)] = bad
    metrics = flat(train_test_collapse_metrics(train, test, weight, bias))
    assert metrics.keys() == expected.keys()
    assert all(math.isnan(value) for value in metrics.values())
    alone = collapse_metrics(*train, weight, bias, torch.ones(3, 7))
    assert all(math.isnan(value) for value in flat(alone).values())


def test_test_features_that_diverged_leave_the_training_columns():
    train, test, weight, bias = both()
    expected = train_test_collapse_metrics(train, test, weight, bias)
    test[0][3, 2] = math.nan
    metrics = train_test_collapse_metrics(train, test, weight, bias)
    assert all(math.isnan(metrics[name]) for name in HELD_OUT)
    assert {n: metrics[n] for n in TRAINING} == {n: expected[n] for n in TRAINING}


def test_a_whole_class_that_diverged_is_not_a_missing_class():
    train, test, weight, bias = both()
    train[0][train[1] == 0] = math.nan
    metrics = train_test_collapse_metrics(train, test, weight, bias)
    assert all(math.isnan(value) for value in flat(metrics).values())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_any_precision_is_measured_in_float64(dtype):
    train, test, weight, bias = both()
    half = tuple((features.to(dtype), labels.int()) for features, labels in (train, test))
    head = weight.to(dtype), bias.to(dtype)
    metrics = train_test_collapse_metrics(*half, *head)
    exact = ((features.double(), labels.to(torch.uint8)) for features, labels in half)
    expected = train_test_collapse_metrics(*exact, *(tensor.double() for tensor in head))
    assert flat(metrics) == flat(expected)


def test_parameters_that_require_gradients():
    train, test, weight, bias = both()
    expected = train_test_collapse_metrics(train, test, weight, bias)
    for tensor in (train[0], test[0], weight, bias):
        tensor.requires_grad_(True)
    assert train_test_collapse_metrics(train, test, weight, bias) == expected


def test_mistakes_of_the_caller():
    labels = torch.arange(3).repeat(4)
    with pytest.raises(ValueError, match="no samples"):
        collapse_metrics(torch.zeros(0, 5), labels[:0], torch.eye(3, 5))
    with pytest.raises(ValueError, match="label 2 is not below the 2 classes"):
        collapse_metrics(torch.zeros(12, 5), labels, torch.eye(2, 5))
    data = torch.ones(12, 5), labels
    with pytest.raises(ValueError, match="no samples"):
        train_test_collapse_metrics(data, (data[0][:0], labels[:0]), torch.eye(3, 5))


def test_memory_does_not_grow_with_the_samples(monkeypatch):
    monkeypatch.setattr(class_means, "NUMBERS_AT_ONCE", 1000)
    sizes = []
    for each in (40, 400):
        features, labels, weight, bias = sample(counts=(each,) * 3)
        data = features.float(), labels
        with Largest() as largest:
            train_test_collapse_metrics(data, data, weight, bias)
        sizes.append(largest.size)
    assert sizes[0] == sizes[1] < 1000 * 8


def test_from_metrics_to_a_table_and_back(tmp_path):
    """Spectra stand in a column of lists, null where a run diverged, across packs and files."""
    train, test, weight, bias = both()
    metrics = train_test_collapse_metrics(train, test, weight, bias)
    rows = [{"run": "a", "step": 0, **metrics}, {"run": "a", "step": 1}]
    for name, table in (("one", rows), ("two", rows[:1])):
        pd.DataFrame(table).to_parquet(tmp_path / name, index=False)
    table = pd.concat([pd.read_parquet(tmp_path / name) for name in ("one", "two")])
    table.to_parquet(tmp_path / "both", index=False)
    table = pd.read_parquet(tmp_path / "both")
    for row in (0, 2):
        read = {
            name: list(value) if name.endswith("_spectrum") else value
            for name, value in table.loc[row, list(metrics)].items()
        }
        assert read == metrics
    assert table.loc[1, list(metrics)].isna().all()
