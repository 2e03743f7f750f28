"""Flatness of the last layer against the full autograd Hessian, its bounds, and at saturation."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.flatness import family, largest_eigenvalue, logit_hessian
from latephase.metrics.flatness.family import flatness_metrics, relative_flatness

LOSS_FREE = "weight_norm_last_layer"


def sample(seed=0, samples=6, dimension=3, classes=4, weight_scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    features, weight, bias = draw(samples, dimension), draw(classes, dimension), draw(classes)
    weight = weight_scale * weight
    labels = torch.randint(classes, (samples,), generator=generator)
    return features, features @ weight.T + bias, weight, bias, labels


def losses(z, labels, loss, over_classes="sum", temperature=1.0):
    """The mean loss by torch's own functions."""
    if loss == "cross_entropy":
        return torch.nn.functional.cross_entropy(z / temperature, labels)
    targets = torch.nn.functional.one_hot(labels, z.shape[1]).to(z)
    squares = (z / temperature - targets).square()
    return {
        "sum": squares.sum(1).mean(),
        "half": squares.sum(1).mean() / 2,
        "mean": torch.nn.functional.mse_loss(z / temperature, targets),
    }[over_classes]


def by_brute_force(features, logits, weight, bias, labels, loss, with_bias=False, **options):
    """Every column from the full Hessian [K, d, K, d] by the rows of W, or of (W, b)."""
    rest = logits - features @ weight.T  # the bias, where there is one
    if with_bias:
        features = torch.cat([features, torch.ones(len(features), 1, dtype=torch.float64)], 1)
        weight, rest = torch.cat([weight, bias[:, None]], 1), 0

    def of(features, weight):
        def mean_loss(w):
            return losses(features @ w.T + rest, labels, loss, **options)

        return torch.autograd.functional.hessian(mean_loss, weight)

    def kappa(hessian, weight):
        return (weight @ weight.T * torch.einsum("sjtj->st", hessian)).sum()

    hessian = of(features, weight)
    std = features.std(0, correction=0)
    std = torch.where(std > 0, std, 1.0)  # of the 1 that goes with the bias
    rows = range(len(weight))
    largest = [torch.linalg.eigvalsh(hessian[s, :, s])[-1] for s in rows]
    trace = torch.einsum("sjsj->", hessian)
    return {
        "relative_flatness": float(kappa(hessian, weight)),
        "relative_flatness_std": float(kappa(of(features / std, weight * std), weight * std)),
        "relative_flatness_bound": float(weight.norm() ** 2 * trace),
        "relative_flatness_bound_first_power": float(weight.norm() * trace),
        "relative_flatness_max": float(sum(weight[s].norm() ** 2 * largest[s] for s in rows)),
        "hessian_trace_last_layer": float(trace),
        "weight_norm_last_layer": float(weight.norm()),
    }


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize(
    "shape", [{}, {"samples": 40, "dimension": 7, "classes": 3}, {"samples": 3, "dimension": 9}]
)
def test_full_hessian(loss, shape):
    features, logits, weight, bias, labels = sample(**shape)
    exact = by_brute_force(features, logits, weight, bias, labels, loss)
    assert flatness_metrics(features, logits, weight, loss) == pytest.approx(exact, rel=1e-9)
    kappa = relative_flatness(features, logits, weight, loss)
    assert kappa == pytest.approx(exact["relative_flatness"], rel=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("over_classes", ["sum", "half", "mean"])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("with_bias", [False, True])
def test_options(loss, over_classes, temperature, with_bias):
    """The constants of squared error: 2, 1 and 2/K. The regularizer of han2025 takes softmax(z/2)
    and drops the 1/τ² = 1/4 of its Hessian.
    """
    features, logits, weight, bias, labels = sample(3, samples=9)
    options = {"over_classes": over_classes, "temperature": temperature}
    exact = by_brute_force(features, logits, weight, bias, labels, loss, with_bias, **options)
    options["bias"] = bias if with_bias else None
    found = flatness_metrics(features, logits, weight, loss, **options)
    assert found == pytest.approx(exact, rel=1e-9)
    kappa = relative_flatness(features, logits, weight, loss, **options)
    assert kappa == found["relative_flatness"]


def test_mse_sees_norms_only():
    features, logits, weight, *_ = sample()
    metrics = flatness_metrics(features, logits, weight, "mse")
    assert metrics == flatness_metrics(features, 100 * logits, weight, "mse")
    kappa = metrics["relative_flatness"]
    assert kappa == pytest.approx(float(2 * weight.norm() ** 2 * features.norm() ** 2 / 6))
    assert metrics["relative_flatness_bound"] == pytest.approx(4 * kappa)


def test_many_samples_are_taken_in_blocks(monkeypatch):
    features, logits, weight, bias, _ = sample(samples=50)
    whole = flatness_metrics(features, logits, weight, "cross_entropy", bias=bias)
    monkeypatch.setattr(family, "ROWS_AT_ONCE", 7)
    monkeypatch.setattr(logit_hessian, "ROWS_AT_ONCE", 5)
    blocks = flatness_metrics(features, logits, weight, "cross_entropy", bias=bias)
    assert blocks == pytest.approx(whole, rel=1e-12)


def test_the_arguments_are_left_as_they_were():
    arguments = sample()[:3]
    before = [tensor.clone() for tensor in arguments]
    flatness_metrics(*arguments, "cross_entropy")
    assert all(map(torch.equal, arguments, before))


# Saturation.


def saturated(margin):
    """Features, logits, weight and labels in float32 at a mean loss of about 9 e^−margin."""
    generator = torch.Generator().manual_seed(3)
    features = torch.randn(50, 8, generator=generator)
    weight = torch.randn(10, 8, generator=generator)
    labels = torch.randint(10, (50,), generator=generator)
    logits = torch.rand(50, 10, generator=generator)
    logits[torch.arange(50), labels] += margin
    return features, logits, weight, labels


def relative_to_the_true_class(features, logits, weight, labels):
    """κ_Tr and Tr H from the odds against the true class and the rows of W less the true one."""
    z, w = logits.double(), weight.double()
    odds = (z - z[torch.arange(50), labels][:, None]).exp()
    odds[torch.arange(50), labels] = 0
    others = odds / (1 + odds.sum(1, keepdim=True))
    wrong = others.sum(1)
    rows = w - w[labels][:, None, :]
    mean = (others[..., None] * rows).sum(1)
    variance = (others * rows.square().sum(2)).sum(1) - mean.square().sum(1)
    norms = features.double().square().sum(1)
    trace = (norms * (2 * wrong - wrong**2 - others.square().sum(1))).mean()
    return wrong, float((norms * variance).mean()), float(trace)


@pytest.mark.parametrize("margin", [12.0, 21.0, 33.0, 300.0])  # loss 1e-5, 1e-9, 1e-14, 1e-130
def test_saturation_from_float32(margin):
    features, logits, weight, labels = saturated(margin)
    metrics = flatness_metrics(features, logits, weight, "cross_entropy")
    wrong, kappa, trace = relative_to_the_true_class(features, logits, weight, labels)
    assert wrong.mean() == pytest.approx(math.exp(-margin) * 9, rel=0.6)
    norm = float(weight.double().norm())
    assert metrics["relative_flatness"] == pytest.approx(kappa, rel=1e-6, abs=0)
    assert metrics["hessian_trace_last_layer"] == pytest.approx(trace, rel=1e-6, abs=0)
    assert metrics["relative_flatness_bound"] == pytest.approx(norm**2 * trace, rel=1e-6, abs=0)

    std = features.double().std(0, correction=0)
    scaled = features / std, logits, weight * std, labels
    _, kappa, _ = relative_to_the_true_class(*scaled)
    assert metrics["relative_flatness_std"] == pytest.approx(kappa, rel=1e-6, abs=0)

    # p (1 − p) with p of the true class from the odds.
    p = logits.double().softmax(1)
    p = torch.where(torch.nn.functional.one_hot(labels, 10).bool(), wrong[:, None], p)
    weights, x = p * (1 - p), features.double()
    largest = [torch.linalg.eigvalsh((x * weights[:, [s]]).T @ x / 50)[-1] for s in range(10)]
    exact = float((weight.double().square().sum(1) * torch.stack(largest)).sum())
    assert metrics["relative_flatness_max"] == pytest.approx(exact, rel=1e-6, abs=0)


def test_float32_uncentred_and_float32_closed_form_break_down():
    """Two public scripts have Σ_c p_c ‖w_c‖² − ‖Σ_c p_c w_c‖² in float32: 13 times too large at a
    loss of 5e-10; and 1 − ‖p‖² in float32 is half of it, or nothing. The same in float64 still
    has but two digits at 1e-14.
    """
    for margin, dtype, off in ((21.0, torch.float32, 0.1), (33.0, torch.float64, 1e-4)):
        features, logits, weight, labels = saturated(margin)
        _, kappa, trace = relative_to_the_true_class(features, logits, weight, labels)
        p, w = logits.to(dtype).softmax(1), weight.to(dtype) + 100
        norms = features.to(dtype).square().sum(1)
        uncentred = (norms * (p @ w.square().sum(1) - (p @ w).square().sum(1))).mean()
        plain = (norms * (1 - p.square().sum(1))).mean()
        assert abs(float(uncentred) / kappa - 1) > off
        assert abs(float(plain) / trace - 1) > off
        ours = flatness_metrics(features, logits, weight.double() + 100, "cross_entropy")
        assert ours["relative_flatness"] == pytest.approx(kappa, rel=1e-6, abs=0)
        assert ours["hessian_trace_last_layer"] == pytest.approx(trace, rel=1e-6, abs=0)


def test_all_probabilities_but_one_underflow():
    features, logits, weight, _ = saturated(2000.0)
    metrics = flatness_metrics(features, logits, weight, "cross_entropy")
    assert metrics.pop(LOSS_FREE) == pytest.approx(float(weight.double().norm()))
    assert set(metrics.values()) == {0.0}


# Collapse, bounds, invariances.


def test_exact_collapse(simplex_frame):
    """han2025 Prop. 5.3 made exact: κ in closed form, and its bound is K − 1 times it."""
    classes, radius, scale = 5, 1.7, 1.3
    frame = simplex_frame(classes, 9)
    labels = torch.arange(classes).repeat(3)
    features, weight = radius * frame[labels], scale * radius * frame
    metrics = flatness_metrics(features, features @ weight.T, weight, "cross_entropy")
    e = math.exp(-scale * radius**2 * classes / (classes - 1))
    spread = e * (2 + (classes - 2) * e) / (1 + (classes - 1) * e) ** 2
    kappa = scale**2 * radius**4 * classes * spread
    trace = radius**2 * (classes - 1) * spread
    assert metrics["relative_flatness"] == pytest.approx(kappa)
    assert metrics["relative_flatness_bound"] == pytest.approx((classes - 1) * kappa)
    assert metrics["hessian_trace_last_layer"] == pytest.approx(trace)
    assert kappa <= scale**2 * classes**3 * radius**4 * e / (1 + (classes - 1) * e) ** 2


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), loss=st.sampled_from(["cross_entropy", "mse"]))
def test_bounds(seed, loss):
    features, logits, weight, *_ = sample(seed, weight_scale=2.0)
    metrics = flatness_metrics(features, logits, weight, loss)
    kappa, bound = metrics["relative_flatness"], metrics["relative_flatness_bound"]
    assert 0 < kappa <= bound
    assert 0 < metrics["relative_flatness_max"] <= bound
    if loss == "cross_entropy":
        assert kappa <= weight.square().sum() * features.square().sum(1).mean() / 2
    norm = metrics["weight_norm_last_layer"]
    assert metrics["relative_flatness_bound_first_power"] * norm == pytest.approx(bound)


KEEPS_ROW_SHIFT = {"relative_flatness", "relative_flatness_std", "hessian_trace_last_layer"}
KEEPS_SCALE = {
    "relative_flatness",
    "relative_flatness_std",
    "relative_flatness_bound",
    "relative_flatness_max",
}
KEEPS_UNIT_SCALES = {"relative_flatness_std"}


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), size=st.floats(0.2, 20), sign=st.sampled_from([-1, 1]))
def test_which_column_keeps_which_invariance(seed, size, sign):
    """Three changes of the weights that leave the function as it is. Of the nine quantities that
    go by the name of relative flatness only the one by std keeps all three: the bound of
    han2025 moves with NC0, and the variance in place of the std keeps no scale for each unit.
    """
    features, logits, weight, *_ = sample(seed, samples=20, weight_scale=2.0)
    before = flatness_metrics(features, logits, weight, "cross_entropy")

    def kept(features, logits, weight):
        after = flatness_metrics(features, logits, weight, "cross_entropy")
        return {name for name in before if after[name] == pytest.approx(before[name], rel=1e-7)}

    # Softmax does not see a vector v added to all rows: the logits move by ⟨v, φ⟩.
    common = sign * size * torch.tensor([1.0, 0.5, -2.0], dtype=torch.float64)
    moved = logits + (features @ common)[:, None]
    assert kept(features, moved, weight + common) == KEEPS_ROW_SHIFT
    factor = 1 + size
    assert kept(features / factor, logits, weight * factor) == KEEPS_SCALE
    scales = torch.tensor([1.0, factor, 1 / factor], dtype=torch.float64)
    assert kept(features / scales, logits, weight * scales) == KEEPS_UNIT_SCALES

    # The synthetic experiments of RelativeFlatnessAndGeneralization divide by the variance.
    def by_variance(features, weight):
        variance = features.var(0, correction=0)
        return relative_flatness(features / variance, logits, weight * variance, "cross_entropy")

    assert by_variance(features / scales, weight * scales) != pytest.approx(
        by_variance(features, weight), rel=1e-3
    )


# Units that are dead, or constant.


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.7e5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("with_bias", [False, True])
def test_a_constant_unit_is_folded_into_the_bias(constant, dtype, with_bias):
    """A network that does without it, its weights times the constant in the bias, is the same
    function. measure_comparison.py of RelativeFlatnessAndGeneralization zeroes the weights, and
    so changes the function, but keeps the unit's square among the norms; SyntheticExperiments
    divides by zero.
    """
    features, _, weight, bias, _ = sample(5, samples=701)
    outgoing = torch.tensor([9.0, -5.0, 1e3, 4.0], dtype=torch.float64) / max(abs(constant), 1)
    wide = torch.cat([features, torch.full((701, 1), constant, dtype=torch.float64)], 1).to(dtype)
    folded = bias + outgoing * wide[0, 3].double()
    logits = wide[:, :3].double() @ weight.T + folded
    without = flatness_metrics(
        wide[:, :3], logits, weight, "cross_entropy", bias=folded if with_bias else None
    )
    weight = torch.cat([weight, outgoing[:, None]], 1)
    metrics = flatness_metrics(
        wide, logits, weight, "cross_entropy", bias=bias if with_bias else None
    )
    expected = without["relative_flatness_std"]
    assert metrics["relative_flatness_std"] == pytest.approx(expected, rel=1e-9)
    assert 0 < expected < math.inf


def test_rounding_does_not_make_a_constant_vary():
    """The sum of 701 equal numbers over 701 is not always that number."""
    features, logits, weight, *_ = sample(5, samples=701)
    constants = torch.rand(50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    wide = torch.cat([features, constants.expand(701, 50)], 1)
    summed = constants.expand(701, 50).sum(0) / 701
    assert (summed != constants).any()
    exact = flatness_metrics(features, logits, weight, "cross_entropy")["relative_flatness_std"]
    weight = torch.nn.functional.pad(weight, (0, 50))
    metrics = flatness_metrics(wide, logits, weight, "cross_entropy")
    assert metrics["relative_flatness_std"] == pytest.approx(exact, rel=1e-9)


def test_the_population_s_std():
    features, logits, weight, *_ = sample(samples=4)
    metrics = flatness_metrics(features, logits, weight, "mse")
    # Σ_j φ_j² / σ_j² and Σ_j σ_j² w_j², σ² the mean of squared deviations.
    variance = ((features - features.mean(0)) ** 2).mean(0)
    norms = (features**2 / variance).sum(1).mean()
    exact = float(2 * norms * (weight**2 * variance).sum())
    assert metrics["relative_flatness_std"] == pytest.approx(exact, rel=1e-12)


def test_a_large_offset_costs_the_std_no_digits():
    features, logits, weight, *_ = sample(samples=30)
    shift = torch.tensor([1e7, 0.0, -1e7], dtype=torch.float64)
    shifted = features + shift
    std = (shifted - shifted.mean(0)).square().mean(0).sqrt()
    exact = relative_flatness(shifted / std, logits, weight * std, "cross_entropy")
    metrics = flatness_metrics(shifted, logits, weight, "cross_entropy")
    assert metrics["relative_flatness_std"] == pytest.approx(exact, rel=1e-7)


def test_no_unit_varies():
    features, logits, weight, *_ = sample(samples=5)
    metrics = flatness_metrics(features[:1].expand(5, 3), logits, weight, "cross_entropy")
    assert math.isnan(metrics.pop("relative_flatness_std"))
    assert all(math.isfinite(value) for value in metrics.values())
    dead = flatness_metrics(torch.zeros(5, 3), logits, weight, "cross_entropy")
    assert dead["relative_flatness"] == dead["relative_flatness_max"] == 0


# What is not a number.


@pytest.mark.parametrize("place", ["features", "logits", "weight", "bias"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "hinge"])
def test_what_diverged_is_nan_everywhere(place, value, loss):
    features, logits, weight, bias, _ = sample()
    {"features": features, "logits": logits, "weight": weight, "bias": bias[:, None]}[place][
        1, 0
    ] = value
    metrics = flatness_metrics(features, logits, weight, loss, bias=bias)
    assert all(math.isnan(metric) for metric in metrics.values())


def test_a_loss_without_a_closed_form_has_what_needs_none():
    features, logits, weight, *_ = sample()
    metrics = flatness_metrics(features, logits, weight, "hinge")
    assert metrics.pop(LOSS_FREE) == float(weight.norm())
    assert all(math.isnan(metric) for metric in metrics.values())
    assert list(flatness_metrics(features, logits, weight, "mse")) == [*metrics, LOSS_FREE]


def test_an_eigenvalue_that_does_not_converge_is_nan(monkeypatch):
    features, logits, weight, *_ = sample(samples=80, dimension=40)
    monkeypatch.setattr(largest_eigenvalue, "MOST_STEPS", 3)
    metrics = flatness_metrics(features, logits, weight, "cross_entropy")
    assert math.isnan(metrics["relative_flatness_max"])
    assert metrics["relative_flatness"] > 0


def test_trap_fam_takes_another_layout_of_the_hessian():
    """RelativeFlatnessAndGeneralization, neuronwise: [K, d, K, d] read as [d, K, d, K]."""
    features, _, weight, _, labels = sample(samples=20)

    def loss(w):
        return torch.nn.functional.cross_entropy(features @ w.T, labels)

    hessian = torch.autograd.functional.hessian(loss, weight)  # [K, d, K, d]
    right = torch.einsum("sd,td,sjtj->", weight, weight, hessian)
    mistaken = torch.einsum(
        "sd,td,sjtj->", weight, weight, hessian.reshape(3, 4, 3, 4).permute(1, 0, 3, 2)
    )
    ours = relative_flatness(features, features @ weight.T, weight, "cross_entropy")
    torch.testing.assert_close(ours, float(right), rtol=1e-9, atol=0)
    assert abs(ours - float(mistaken)) > 0.01 * ours
