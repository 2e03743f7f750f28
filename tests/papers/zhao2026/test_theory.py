"""The theorems against training: float64, autograd, updates written here from the paper."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from latephase.papers.zhao2026 import theory

CLASSES, SAMPLES, BATCH = 5, 60, 16


def mlp(width=12):
    layers = (nn.Linear(16, 20), nn.Tanh(), nn.Linear(20, width), nn.ReLU())
    return nn.Sequential(nn.Flatten(), *layers)


def conv(width=12):
    """With BatchNorm, whose statistics couple the samples of a batch."""
    convolution = nn.Conv2d(1, 6, 3, padding=1)
    pooled = (nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    return nn.Sequential(convolution, *pooled, nn.Linear(24, width), nn.BatchNorm1d(width))


BACKBONES = {"mlp": mlp, "conv": conv}


class Training:
    """A backbone and a linear head on noise with random labels, in float64."""

    def __init__(self, backbone="mlp", loss=cross_entropy, seed=0, bias=True):
        self.random = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        body = BACKBONES[backbone]()
        self.head = nn.Linear(12, CLASSES, bias=bias)
        self.model = nn.Sequential(body, self.head).double()
        self.inputs = torch.randn(SAMPLES, 1, 4, 4, generator=self.random, dtype=torch.float64)
        self.labels = torch.randint(CLASSES, (SAMPLES,), generator=self.random)
        self.loss = loss
        self.velocity = [torch.zeros_like(p) for p in self.model.parameters()]

    def gradients(self):
        """Of a batch drawn anew each time."""
        batch = torch.randperm(SAMPLES, generator=self.random)[:BATCH]
        value = self.loss(self.model(self.inputs[batch]), self.labels[batch])
        return torch.autograd.grad(value, list(self.model.parameters()))

    def head_gradient(self):
        parameters = [id(p) for p in self.model.parameters()]
        return self.gradients()[parameters.index(id(self.head.weight))].numpy()

    def row_sums(self, lrs, momentum, decay, coupled):
        """m_0 … m_T [T + 1, d] of SGD or SGDW."""
        sums = [self.row_sum()]
        for lr in lrs:
            gradients = self.gradients()
            with torch.no_grad():
                for p, g, v in zip(self.model.parameters(), gradients, self.velocity, strict=True):
                    if not coupled:
                        p.mul_(1 - lr * decay)
                    v.mul_(momentum).add_(g + decay * p if coupled else g)
                    p.sub_(lr * v)
            sums.append(self.row_sum())
        return np.array(sums)

    def row_sum(self):
        return self.head.weight.detach().sum(0).numpy().copy()


def largest_error(sums, factors):
    """max_t ‖m_t − r_t m_0‖ / ‖m_0‖."""
    error = np.linalg.norm(sums - factors[:, None] * sums[0], axis=1)
    return error.max() / np.linalg.norm(sums[0])


def sizes(matrix):
    """How large the row sum of a matrix is, of its norm."""
    return np.linalg.norm(matrix.sum(0)) / np.linalg.norm(matrix)


# Lemma E.5


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("bias", [True, False])
def test_the_gradients_of_a_classifier_s_rows_sum_to_zero(backbone, bias):
    for seed in range(5):
        assert sizes(Training(backbone, seed=seed, bias=bias).head_gradient()) < 1e-14


def weighted(logits, labels):
    return cross_entropy(logits, labels, weight=torch.arange(1.0, CLASSES + 1).to(logits))


def soft(logits, labels):
    """Targets of any sum: −Σ_k y_k log softmax(z)_k."""
    return cross_entropy(logits, one_hot(labels, CLASSES) * (1.0 + labels[:, None]) + 0.1)


def smoothed(logits, labels):
    return cross_entropy(logits, labels, label_smoothing=0.2)


def focal(logits, labels):
    chosen = logits.log_softmax(-1).gather(1, labels[:, None])
    return -((1 - chosen.exp()) ** 2 * chosen).mean()


@pytest.mark.parametrize("loss", [weighted, soft, smoothed, focal])
def test_whatever_does_not_see_a_shift_of_the_logits_keeps_the_lemma(loss):
    """Weights of classes, and targets that do not sum to 1, among them."""
    assert sizes(Training(loss=loss).head_gradient()) < 1e-14


def squared(logits, labels):
    return (logits - one_hot(labels, CLASSES)).square().mean()


def logistic(logits, labels):
    return binary_cross_entropy_with_logits(logits, one_hot(labels, CLASSES).to(logits))


def scaled_logits(logits, labels):
    """Class-wise factors on the logits."""
    return cross_entropy(logits * torch.linspace(0.5, 2, CLASSES).to(logits), labels)


@pytest.mark.parametrize("loss", [squared, logistic, scaled_logits])
def test_other_losses_break_the_lemma(loss):
    assert sizes(Training(loss=loss).head_gradient()) > 1e-2


def test_softmax_less_target_is_a_gradient_for_targets_that_sum_to_one_only():
    """Written s − y, cross-entropy with label weights breaks the lemma; its gradient does not."""
    torch.manual_seed(0)
    logits = torch.randn(8, CLASSES, dtype=torch.float64, requires_grad=True)
    features = torch.randn(8, 3).double().numpy()
    targets = torch.rand(8, CLASSES).double()
    (exact,) = torch.autograd.grad(-(targets * logits.log_softmax(-1)).sum(), logits)
    written = logits.detach().softmax(-1) - targets
    assert abs(theory.row_sum_of_gradient(exact, features)).max() < 1e-15
    assert abs(theory.row_sum_of_gradient(written, features)).max() > 1e-2


@pytest.mark.parametrize("loss", [cross_entropy, squared, logistic])
def test_the_row_sum_of_a_gradient_is_what_autograd_says(loss):
    training = Training(loss=loss)
    features = training.model[0](training.inputs).detach()
    logits = training.head(features).detach().requires_grad_()
    (per_logit,) = torch.autograd.grad(loss(logits, training.labels) * SAMPLES, logits)
    value = loss(training.head(features), training.labels)
    (gradient,) = torch.autograd.grad(value, training.head.weight)
    np.testing.assert_allclose(
        theory.row_sum_of_gradient(per_logit, features), gradient.sum(0), atol=1e-15
    )


def adam(gradient):
    """Adam's first step: m̂ / √v̂."""
    return gradient / (abs(gradient) + 1e-8)


def clipped(gradient):
    return np.clip(gradient, -np.quantile(abs(gradient), 0.5), np.quantile(abs(gradient), 0.5))


@pytest.mark.parametrize("update", [adam, np.sign, clipped])
def test_what_treats_coordinates_apart_moves_the_row_sum(update):
    """Adam, sign descent, clipping by coordinate: their steps do not sum to 0, gradients do."""
    gradient = Training().head_gradient()
    assert sizes(gradient) < 1e-14
    assert sizes(update(gradient)) > 1e-2


# Theorems 3.1 and 3.2: SGD

SCHEDULES = {
    "constant": theory.learning_rates(0.05, 300),
    "steps": theory.learning_rates(0.05, 300, [100, 200], 0.1),
}


def test_learning_rates():
    lrs = theory.learning_rates(2.0, 6, [4, 1], 0.5)
    assert list(lrs) == [2, 1, 1, 1, 0.5, 0.5]
    assert list(theory.learning_rates(0.1, 3)) == [0.1] * 3


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_decoupled_decay(backbone, momentum, schedule):
    """Thm 3.1: momentum has no part in it."""
    lrs = SCHEDULES[schedule]
    sums = Training(backbone).row_sums(lrs, momentum, 0.3, coupled=False)
    assert largest_error(sums, theory.sgdw_factor(lrs, 0.3)) < 1e-12
    if schedule == "constant":
        alpha = (sums**2).sum(1) / CLASSES
        expected = alpha[0] * (1 - 0.05 * 0.3) ** (2 * np.arange(301))
        np.testing.assert_allclose(alpha, expected, rtol=1e-11)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_coupled_decay(backbone, momentum, schedule):
    """Thm 3.2, with schedules; at momentum 0.98 the roots are complex."""
    lrs = SCHEDULES[schedule]
    sums = Training(backbone).row_sums(lrs, momentum, 0.03, coupled=True)
    assert largest_error(sums, theory.sgd_factor(lrs, momentum, 0.03)) < 1e-12


def test_squared_loss_breaks_both():
    for coupled, factor in (
        (False, theory.sgdw_factor(SCHEDULES["constant"], 0.03)),
        (True, theory.sgd_factor(SCHEDULES["constant"], 0.9, 0.03)),
    ):
        training = Training(loss=squared)
        sums = training.row_sums(SCHEDULES["constant"], 0.9, 0.03, coupled)
        assert largest_error(sums, factor) > 0.1


@pytest.mark.parametrize("backbone", BACKBONES)
def test_without_decay_nothing_moves(backbone):
    """T7: NC0 is constant to rounding, and the factor exactly."""
    lrs = SCHEDULES["constant"]
    sums = Training(backbone).row_sums(lrs, 0.9, 0.0, coupled=True)
    assert largest_error(sums, np.ones(301)) < 1e-12
    assert (theory.sgd_factor(lrs, 0.9, 0.0) == 1).all()
    assert (theory.sgdw_factor(lrs, 0.0) == 1).all()


@settings(max_examples=50, deadline=None)
@given(product=st.floats(1e-4, 5), momentum=st.floats(0, 0.99))
def test_factor_is_the_sum_of_the_roots_powers(product, momentum):
    factors = theory.sgd_factor(np.ones(40), momentum, product)
    first, second = theory.sgd_roots(1.0, momentum, product)
    powers = np.arange(41)
    if abs(first - second) > 1e-2:
        share = (factors[1] - second) / (first - second)
        closed = share * first**powers + (1 - share) * second**powers
        scale = np.maximum(1, theory.sgd_spectral_radius(1.0, momentum, product) ** powers)
        np.testing.assert_allclose(factors / scale, closed.real / scale, atol=1e-9)
    assert first * second == pytest.approx(momentum)
    assert first + second == pytest.approx(1 + momentum - product)
    stable = theory.sgd_spectral_radius(1.0, momentum, product) < 1
    if abs(product - 2 * (1 + momentum)) > 1e-9:
        assert stable == (product < 2 * (1 + momentum))
    if theory.oscillates(1.0, momentum, product):
        assert theory.sgd_spectral_radius(1.0, momentum, product) == pytest.approx(
            np.sqrt(momentum)
        )


def test_factors_broadcast():
    momentum, decay = np.array([[0.0], [0.9]]), np.array([0.0, 0.1, 0.2])
    grid = theory.sgd_factor(SCHEDULES["steps"], momentum, decay)
    assert grid.shape == (301, 2, 3)
    one = theory.sgd_factor(SCHEDULES["steps"], 0.9, 0.2)
    np.testing.assert_array_equal(grid[:, 1, 2], one)


def test_small_decay_is_a_clock():
    """m_T ≈ m_0 exp(−λ Ση/(1 − β)) in the paper's heat map."""
    lrs = theory.learning_rates(0.001, 93_800, [30_954, 62_377], 0.1)
    for momentum, decay in ((0.0, 5e-3), (0.9, 1e-3), (0.98, 5e-5)):
        exact = theory.sgd_factor(lrs, momentum, decay)[-1]
        short = theory.sgd_factor_for_small_decay(lrs, momentum, decay)
        assert short == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("share", [0.5, 1.2, 10])
def test_complex_roots_make_nc0_oscillate(share):
    """Not in the paper: for ηλ > (1 − √β)² NC0 swings through 0, shrinking as √β a step."""
    lr, momentum = 0.05, 0.9
    decay = share * (1 - np.sqrt(momentum)) ** 2 / lr
    training = Training()
    sums = training.row_sums(np.full(400, lr), momentum, decay, coupled=True)
    along = sums @ sums[0] / (sums[0] @ sums[0])
    # From where rounding, of gradients about 1, is all there is.
    along = along[: np.flatnonzero(abs(along) > 1e-10)[-1]]
    turns = np.count_nonzero(np.diff(np.sign(along)))
    radius = theory.sgd_spectral_radius(lr, momentum, decay)
    assert theory.oscillates(lr, momentum, decay) == (share > 1) == (turns > 1)
    if share > 1:
        assert radius == pytest.approx(np.sqrt(momentum), rel=1e-12)
        first = theory.sgd_roots(lr, momentum, decay)[0]
        assert turns == pytest.approx(len(along) * abs(np.angle(first)) / np.pi, abs=2)
    else:
        assert radius > np.sqrt(momentum)
    envelope = np.log(np.maximum.accumulate(abs(along)[::-1])[::-1])
    slope = np.polyfit(np.arange(len(along)), envelope, 1)[0]
    assert slope == pytest.approx(np.log(radius), rel=0.05)


# The paper's own numbers

PUBLISHED = Path(__file__).parents[3] / "catalog/published"
START = 1.7544
PAPER = {"steps": 200 * 469, "milestones": [66 * 469, 133 * 469]}


def test_figure_5_without_training():
    """All 56 values of NC0, printed with two decimals, from one start value."""
    values = pd.read_csv(PUBLISHED / "zhao2026_fig5.csv")
    assert len(values) == 56
    factors = theory.sgd_factor(
        theory.learning_rates(0.001, **PAPER), values["momentum"], values["weight_decay"]
    )
    assert abs(START * factors[-1] - values["nc0"]).max() < 0.0051


def test_table_2_of_sgdw():
    """0.55, by learning rate 0.0679 and weight decay 5e-4."""
    values = pd.read_csv(PUBLISHED / "zhao2026_table2.csv", index_col="optimizer")
    factors = theory.sgdw_factor(theory.learning_rates(0.0679, **PAPER), 5e-4)
    assert abs(START * factors[-1] - values.loc["sgdw", "nc0"]) < 0.0051


def test_published_values_are_numbers_with_their_precision():
    for path in PUBLISHED.glob("*.csv"):
        values = pd.read_csv(path)
        numbers = values.drop(columns=["optimizer", "decay", "lr"], errors="ignore")
        assert all(map(pd.api.types.is_numeric_dtype, numbers.dtypes)), path
        read_off = path.stem in ("zhao2026_fig1", "zhao2026_fig3", "zhao2026_fig30")
        assert ("relative_error" in values) == read_off
        assert f"`{path.name}`" in (PUBLISHED / "README.md").read_text()


# Theorems 3.3 and 3.4: sign descent on unconstrained features


def simplex(classes):
    """M* = (I − J/K)/√(K − 1), features in columns."""
    identity = torch.eye(classes, dtype=torch.float64)
    return (identity - 1 / classes) / np.sqrt(classes - 1)


def simplex_gradient(weight):
    """∇_W of the mean cross-entropy on a sample a class, at the simplex's corners, by autograd."""
    weight = weight.clone().requires_grad_()
    labels = torch.arange(len(weight))
    value = cross_entropy((weight @ simplex(len(weight))).T, labels)
    return torch.autograd.grad(value, weight)[0]


def sign_descent(lrs, decay, weight, coupled):
    """W_0 … W_T [T + 1, K, K]."""
    weights = [weight]
    for lr in lrs:
        gradient = simplex_gradient(weight)
        if coupled:
            weight = weight - lr * torch.sign(gradient + decay * weight)
        else:
            weight = (1 - lr * decay) * weight - lr * torch.sign(gradient)
        weights.append(weight)
    return torch.stack(weights).numpy()


def alphas(weights):
    """1/K ‖Wᵀ1‖²."""
    return (weights.sum(1) ** 2).sum(1) / weights.shape[1]


def nothing(classes):
    return torch.zeros(classes, classes, dtype=torch.float64)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_decoupled_sign_descent(classes):
    """Thm 3.3, from W_0 = 0: every step, and the limit, which is that of 1/K ‖Wᵀ1‖²."""
    decay, lrs = 0.2, theory.learning_rates(0.05, 3000, [2500], 0.1)
    weights = sign_descent(lrs, decay, nothing(classes), coupled=False)
    alpha = alphas(weights)
    limit = theory.sign_decoupled_limit(decay, classes)
    expected = theory.sign_decoupled_alpha(lrs, decay, classes)
    np.testing.assert_allclose(alpha, expected, rtol=1e-12, atol=1e-24)
    assert alpha[-1] == pytest.approx(limit, rel=1e-10, abs=1e-24)
    assert limit == pytest.approx((classes - 2) ** 2 / 0.04)
    assert (np.diff(expected) >= 0).all()
    # The main text's ‖Wᵀ1‖², without 1/K, ends up K times as high.
    printed = (weights[-1].sum(0) ** 2).sum()
    assert printed == pytest.approx(classes * limit, rel=1e-10, abs=1e-24)


def test_decoupled_sign_descent_forgets_where_it_began():
    torch.manual_seed(0)
    decay, lrs = 0.2, np.full(4000, 0.02)
    weights = sign_descent(lrs, decay, torch.randn(6, 6).double(), coupled=False)
    limit = theory.sign_decoupled_limit(decay, 6)
    assert alphas(weights)[-1] == pytest.approx(limit, rel=1e-4)


def printed_sign_gradient(gap, classes, samples):
    """ψ as in the paper: 1/√(K − 1) pulled out of the exponent twice."""
    root = np.sqrt(classes - 1)
    return 1 / (samples * root) / (np.exp(gap / (classes - 1)) + classes - 1)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.1), (4.0, 0.5), (1.0, -0.2)])
def test_the_exponent_of_theorem_3_4(classes, a, b):
    weight = (a + b) * torch.eye(classes, dtype=torch.float64) - b
    gradient = simplex_gradient(weight).numpy()
    psi = theory.sign_gradient(a + b, classes, classes)
    expected = psi * (1 - classes * np.eye(classes))
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-15)
    printed = printed_sign_gradient(a + b, classes, classes)
    if classes == 2:  # √(K − 1) is K − 1.
        assert printed == pytest.approx(psi, rel=1e-15)
    else:
        assert abs(printed / psi - 1) > 5e-3


def test_coupled_sign_descent_follows_a_and_b():
    """Thm 3.4: the recursion is the training, until signs hang on the last bits."""
    decay, classes, steps = 0.01, 10, 120
    lrs = np.full(steps, 3e-3)
    weights = sign_descent(lrs, decay, nothing(classes), coupled=True)
    a, b = theory.sign_coupled(lrs, decay, classes)
    expected = (a + b)[:, None, None] * np.eye(classes) - b[:, None, None]
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    alpha = theory.sign_coupled_alpha(a, b, classes)
    np.testing.assert_allclose(alpha, alphas(weights), atol=1e-12)


STEADY = np.full(3000, 0.01)
DECAYED = theory.learning_rates(0.01, 3000, range(300, 3000, 300), 1 / 3)


@pytest.mark.parametrize("lrs", [STEADY, DECAYED], ids=["constant", "decayed"])
@pytest.mark.parametrize("coupled", [False, True])
def test_table_1_with_its_rows_the_right_way_round(coupled, lrs):
    """NC0 vanishes under coupled decay with a learning rate that is decayed, and else nowhere.

    Table 1 has "converges?" and "learning rate" of Thms 3.3 and 3.4 in each other's row.
    """
    classes, decay = 10, 0.05
    alpha = alphas(sign_descent(lrs, decay, nothing(classes), coupled))
    late = alpha[-500:].max()
    if coupled and lrs is DECAYED:
        assert late < 1e-5 * alpha.max()
    elif coupled:  # jumps of the order of ηK, for ever
        assert 0.1 < np.sqrt(late) / (0.01 * classes) < 1
    else:
        expected = theory.sign_decoupled_alpha(lrs, decay, classes)
        assert late == pytest.approx(expected[-1], rel=1e-10)
        assert late == alpha.max()


def test_where_coupled_sign_descent_ends():
    """a = (K − 1) b and λb = ψ; on the way α rises, then falls."""
    classes, decay = 10, 0.01
    lrs = theory.learning_rates(0.003, 40_000, range(4000, 40_000, 4000), 1 / 3)
    a, b = theory.sign_coupled(lrs, decay, classes)
    alpha = theory.sign_coupled_alpha(a, b, classes)
    peak = alpha.argmax()
    assert (np.diff(alpha[: peak + 1]) > 0).all() and alpha[peak] > 1
    assert alpha[-1] < 1e-10
    assert a[-1] == pytest.approx((classes - 1) * b[-1], abs=1e-5)
    psi = theory.sign_gradient(a[-1] + b[-1], classes, classes)
    assert decay * b[-1] == pytest.approx(psi, rel=1e-5)


# Lemma E.6


@pytest.mark.parametrize("loss", [cross_entropy, squared])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_rate_of_alpha_in_its_parts(backbone, loss):
    """Whatever G: with cross-entropy, of which γ = 0, and with the squared loss."""
    lr, momentum, decay = 0.05, 0.9, 0.03
    training = Training(backbone, loss)
    weight, velocity = training.head.weight.detach().numpy(), np.zeros((CLASSES, 12))
    for _ in range(20):
        gradient = training.head_gradient()
        before = theory.row_sum_product(weight, weight)
        rate = theory.alpha_rate(weight, velocity, gradient, lr=lr, momentum=momentum, decay=decay)
        velocity = momentum * velocity + gradient + decay * weight
        weight -= lr * velocity  # in place: the training's own
        after = theory.row_sum_product(weight, weight)
        assert sum(rate) == pytest.approx((after - before) / lr, abs=1e-12)
        assert (abs(rate.gradient) < 1e-14) == (loss is cross_entropy)
    assert after == pytest.approx(alphas(weight[None])[0], rel=1e-14)


# Proposition 2.1


def nc3(weight, means):
    """‖W/‖W‖_F − Mᵀ/‖M‖_F‖_F with M [d, K] the class means less their mean."""
    means = means - means.mean(1, keepdims=True)
    return np.linalg.norm(weight / np.linalg.norm(weight) - means.T / np.linalg.norm(means))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 9), noise=st.floats(0, 2))
def test_nc3_bounds_the_normalised_nc0(seed, classes, noise):
    random = np.random.default_rng(seed)
    means = random.normal(size=(7, classes))
    centred = means - means.mean(1, keepdims=True)
    weight = centred.T + noise * random.normal(size=(classes, 7))
    bound = theory.normalized_nc0_bound(nc3(weight, means), classes)
    assert sizes(weight) <= bound + 1e-12


def test_the_bound_is_reached_to_first_order():
    """By equal rows added to a simplex: nothing smaller would hold."""
    weight = simplex(6).numpy() + 1e-4
    bound = theory.normalized_nc0_bound(nc3(weight, simplex(6).numpy()), 6)
    assert sizes(weight) == pytest.approx(bound, rel=1e-3)


def test_collapse_does_not_bound_nc0_of_weights_that_grow():
    """W = s M* + √s c: NC2 and NC3 → 0 and ‖Wᵀ1‖/‖W‖_F → 0, but ‖Wᵀ1‖ → ∞."""
    rows = []
    for scale in (1e2, 1e4, 1e6):
        weight = scale * simplex(6).numpy() + np.sqrt(scale)
        rows.append((nc3(weight, simplex(6).numpy()), sizes(weight), np.linalg.norm(weight.sum(0))))
    collapse, normalised, plain = np.diff(np.log10(rows), axis=0).T
    np.testing.assert_allclose(collapse, -1, atol=0.1)
    np.testing.assert_allclose(normalised, -1, atol=0.1)
    np.testing.assert_allclose(plain, 1, atol=1e-9)
