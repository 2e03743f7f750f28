"""What goes wrong in public code that measures neural collapse, and must not here.

Each test first computes the number as the code in question does, to see it fail.
"""

import math

import pytest
import torch

from latephase.metrics.collapse.family import collapse_metrics, train_test_collapse_metrics
from latephase.metrics.collapse.nc5_out_of_distribution import out_of_distribution_metrics
from tests.metrics.class_samples import on_a_frame, sample


def test_one_pass_variance_in_float32():
    """collapse-dynamics: Σ‖h‖² − n‖μ‖² in float32 is rounding below 1e-6 ‖μ‖², of either sign."""
    deviations, labels, *_ = sample(1, counts=(100,) * 5, dimension=64)
    frame = 3 * sample(2, counts=(1,) * 5, dimension=64)[0]
    features = (frame[labels] + 1e-4 * deviations).float()
    means = torch.stack([features[labels == c].mean(0) for c in range(5)])
    one_pass = (features.square().sum() - 100 * means.square().sum()) / len(features)
    exact = torch.stack([features[labels == c].double().mean(0) for c in range(5)])
    true = float((features.double() - exact[labels]).square().sum() / len(features))
    assert float(one_pass) < -10 * true

    metrics = collapse_metrics(features, labels, frame)
    assert metrics["within_class_variance"] == pytest.approx(true, rel=1e-12, abs=0)


def test_float32_pinv_cutoff():
    """neural-collapse: pinv in float32 drops directions of the means below √(dε) of the largest."""
    dimension = 512
    means = torch.zeros(4, dimension, dtype=torch.float64)
    means[:, :3] = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    means[:, 2] *= 0.005  # 0.5 % of the largest, the cutoff is at 0.8 %
    labels = torch.arange(4).repeat_interleave(6)
    steps = torch.zeros(6, dimension, dtype=torch.float64)
    steps[:, :3] = 0.01 * torch.cat([torch.eye(3), -torch.eye(3)])
    features = (means[labels] + steps.repeat(4, 1)).float()
    within = torch.zeros(dimension, dimension)
    within[:3, :3] = torch.eye(3) * 0.01**2 / 3
    centred = means.float() - means.float().mean(0)
    single = torch.linalg.pinv(centred.T @ centred / 4) @ within
    true = 0.01**2 / 3 * (1 + 1 + 0.005**-2) / 4
    assert float(single.trace() / 4) < true / 1000

    metrics = collapse_metrics(features, labels, torch.eye(4, dimension))
    assert metrics["nc1_pinv"] == pytest.approx(true, rel=1e-4)


def test_pinv_without_and_with_a_global_mean_of_samples():
    """Papyan's notebook leaves out 1/K; tding1 and others centre at the mean of the samples."""
    features, labels, weight, _ = sample(counts=(90, 10, 40, 5))
    means = torch.stack([features[labels == c].mean(0) for c in range(4)])
    deviations = features - means[labels]
    within = deviations.T @ deviations / len(features)
    metrics = collapse_metrics(features, labels, weight)
    for name, centre in (("nc1_pinv", means.mean(0)), ("nc1_pinv_weighted", features.mean(0))):
        centred = means - centre
        trace = (within @ torch.linalg.pinv(centred.T @ centred / 4, rtol=1e-10)).trace()
        assert metrics[name] == pytest.approx(float(trace) / 4, rel=1e-9)
    assert metrics["nc1_pinv"] != pytest.approx(metrics["nc1_pinv_weighted"], rel=0.01)


def test_a_missing_class_is_not_a_mean_of_zero():
    """neural-collapse: the mean of no samples is 0/ε = 0, and counts in the global mean and Σ_B."""
    features, labels, weight, bias = sample(counts=(30, 0, 30, 30), offset=5.0)
    means = torch.stack(
        [features[labels == c].sum(0) / ((labels == c).sum() + 1e-7) for c in range(4)]
    )
    centred = means - means.mean(0)
    assert float(centred.square().sum(1).mean()) > 30

    metrics = collapse_metrics(features, labels, weight, bias)
    assert metrics["between_class_variance"] < 20
    assert metrics["nc1_trace_ratio_unweighted"] == pytest.approx(metrics["nc1_trace_ratio"])


def test_condition_number_of_centred_means_is_infinite(simplex_frame):
    """sakamoto2026's NC2 is of uncentred means; centred ones sum to 0, so σ_min is rounding."""
    features, labels = on_a_frame(simplex_frame(5, 8), 0.1, offset=2.0)
    means = torch.stack([features[labels == c].mean(0) for c in range(5)])
    values = torch.linalg.svdvals(means - means.mean(0))
    assert values[0] / values[-1] > 1e14

    metrics = collapse_metrics(features, labels, torch.eye(5, 8))
    values = torch.linalg.svdvals(means)
    assert metrics["nc2_condition"] == pytest.approx(float(values[0] / values[-1]), rel=1e-12)
    assert metrics["nc2_condition"] < 20


def test_condition_number_by_the_gram_matrix_in_float32():
    """collapse-dynamics: √cond(MMᵀ) in float32 squares the condition, wrong from 1000 on."""
    values = torch.tensor([1.0, 0.1, 1e-5], dtype=torch.float64)
    turns = (torch.linalg.qr(sample(seed, (3,), d)[0]).Q for seed, d in ((0, 3), (1, 9)))
    left, right = next(turns), torch.linalg.qr(sample(1, (9,), 9)[0]).Q[:3]
    means = (left * values) @ right
    single = means.float()
    assert float(torch.linalg.cond(single @ single.T).sqrt()) < 3e4

    labels = torch.arange(3)
    metrics = collapse_metrics(means, labels, torch.eye(3, 9))
    assert metrics["nc2_condition"] == pytest.approx(1e5, rel=1e-9)


def test_condition_number_of_more_classes_than_dimensions():
    """collapse-dynamics refuses; of the Gram matrix it would be rounding."""
    metrics = collapse_metrics(*sample(counts=(3,) * 8, dimension=5))
    assert metrics["nc2_condition"] == math.inf
    assert math.isfinite(metrics["gnc2_log_mean"])


def test_nc4_without_the_bias_is_not_what_the_network_decides():
    """neural-collapse and zhao2026: X @ W.T, though the head has a bias."""
    features, labels, weight, bias = sample(spread=2.0)
    means = torch.stack([features[labels == c].mean(0) for c in range(4)])
    nearest = torch.cdist(features, means).argmin(1)
    shares = [
        float((logits.argmax(1) == nearest).double().mean())
        for logits in (features @ weight.T + bias, features @ weight.T)
    ]
    metrics = collapse_metrics(features, labels, weight, bias)
    assert metrics["nc4_agreement_train"] == shares[0] != shares[1]
    assert metrics["nc4_agreement_train_without_bias"] == shares[1]


def test_nc4_is_not_the_output_at_the_global_mean(simplex_frame):
    """tding1, jinxinzhou, Guiding-NC: ‖Wμ_G + b‖ under the name NC4."""
    frame = simplex_frame(5, 8)
    data = on_a_frame(frame, 0.01, offset=2.0)
    metrics = collapse_metrics(*data, frame, torch.full((5,), 7.0))
    assert metrics["output_at_global_mean"] > 10
    assert metrics["nc4_agreement_train"] < 1 or metrics["nc4_mismatch_train"] == 0


@pytest.mark.parametrize("shape", [(7,), (4, 6), (0, 7), (1, 4, 7)])
def test_nc5_does_not_broadcast(shape):
    """neural-collapse: its cosines come from broadcasting, and of a wrong shape as well."""
    means = sample(counts=(1,) * 4)[0]
    with pytest.raises(ValueError, match="out-of-distribution features"):
        out_of_distribution_metrics(means, torch.ones(shape, dtype=torch.float64))


def test_nc5_of_as_many_foreign_samples_as_classes():
    """Of [K, d] features the package would pair sample k with class k."""
    means = torch.eye(3, 4, dtype=torch.float64)
    paired = torch.nn.functional.cosine_similarity(means, means).abs().mean()
    assert float(paired) == 1
    metrics = out_of_distribution_metrics(means, means)
    assert metrics["nc5"] == pytest.approx(1 / math.sqrt(3))


def test_class_sizes_come_from_the_labels():
    """tding1, jinxinzhou: 5000 samples a class typed in, whatever part of the data is measured."""
    features, labels, weight, bias = sample(counts=(50, 50, 50), dimension=4)
    part = slice(0, 61)
    metrics = collapse_metrics(features[part], labels[part], weight, bias)
    means = torch.stack([features[part][labels[part] == c].mean(0) for c in range(3)])
    within = (features[part] - means[labels[part]]).square().sum(1).mean()
    assert metrics["within_class_variance"] == pytest.approx(float(within), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_callers_tensors_are_left_alone(dtype):
    """Guiding-NC, jinxinzhou: the first sample of each class is the running mean's memory."""
    *train, weight, bias = sample(counts=(6, 6, 6))
    test = sample(1, counts=(6, 6, 6))[:2]
    arguments = [tensor.to(dtype) for tensor in (train[0], test[0], weight, bias)]
    kept = [tensor.clone() for tensor in arguments]

    def measure():
        features, foreign, head, intercept = arguments
        return train_test_collapse_metrics(
            (features, train[1]), (foreign, test[1]), head, intercept
        )

    first = measure()
    assert all(torch.equal(a, b) for a, b in zip(arguments, kept, strict=True))
    assert measure() == first
    means = torch.stack([kept[0][train[1] == c].double().mean(0) for c in range(3)])
    within = (kept[0].double() - means[train[1]]).square().sum(1).mean()
    assert first["within_class_variance"] == pytest.approx(float(within), rel=1e-12)


def test_riesz_energies_do_not_vanish():
    """neural-collapse: s = d − 2, at d = 512 every energy is 0 in float32: perfect uniformity."""
    features, labels, weight, _ = sample(counts=(1,) * 10, dimension=512)
    centred = (features - features.mean(0)).float()
    distances = torch.pdist(centred / centred.norm(dim=1, keepdim=True))
    assert float((distances**-510).var()) == 0

    metrics = collapse_metrics(features, labels, weight)
    assert metrics["gnc2_riesz1_variance"] > 1e-6
    assert metrics["gnc2_riesz1_mean"] == pytest.approx(math.sqrt(9 / 20), rel=0.01)


def test_equinorm_of_w_is_not_the_simplex_error_of_w():
    """jydzhao's code stores NC2W under NC2Wn as well."""
    weight = torch.eye(4, 6, dtype=torch.float64)
    metrics = collapse_metrics(*sample(dimension=6)[:2], weight)
    assert metrics["nc2_equinorm_weight"] == 0
    assert metrics["nc2_etf_weight"] > 0.1


def test_standard_deviations_are_the_populations():
    """Papyan, jydzhao: torch.std, which divides by K − 1."""
    weight = torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64))
    metrics = collapse_metrics(*sample(counts=(5, 5), dimension=2)[:2], weight)
    assert metrics["nc2_equinorm_weight"] == pytest.approx(0.5)


def test_centred_weights_stored_under_the_name_of_others():
    """neural_collapse_optimizer: NC2Wn, of W minus the mean of its rows, is that of W itself."""
    frame = torch.eye(4, dtype=torch.float64) - 0.25
    weight = frame + torch.tensor([3.0, 1.0, 0.0, 2.0], dtype=torch.float64)
    labels = torch.arange(40) % 4
    noise = torch.randn(40, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    metrics = collapse_metrics(frame[labels] + 0.1 * noise, labels, weight)
    assert metrics["nc2_etf_weight_centred"] < 1e-12
    assert metrics["nc2_etf_weight"] > 0.1
