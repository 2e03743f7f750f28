"""Zhao et al. (arXiv 2602.16642): the effect of an optimizer on NC0, step by step.

W [K, d] is the classifier, m = Wᵀ1 its row sum, NC0 = ‖m‖, α = ‖m‖²/K. Under softmax cross-entropy,
1ᵀ∇_W L = 0 for any backbone and any batch (Lemma E.5). So under SGD only weight decay and momentum
move m: m_t = r_t m_0, with a factor r_t that depends on nothing else. η is the learning rate, β the
momentum, λ the weight decay. ``lrs`` [T, ...] has η of every step.

The theorems are those of the paper with the corrections in docs/zhao2026.md, which names the tests
of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


def learning_rates(
    lr: float, steps: int, milestones: ArrayLike = (), factor: float = 0.1
) -> NDArray:
    """η of every step [T]: ``lr``, times ``factor`` from each milestone's step on (App. D.1)."""
    passed = np.searchsorted(np.sort(milestones), np.arange(steps), side="right")
    return lr * float(factor) ** passed


def row_sum_of_gradient(logit_gradients: ArrayLike, features: ArrayLike) -> NDArray:
    """1ᵀ∇_W L = 1/N Σ_i (1ᵀ g_i) h_i [d], for any loss, from g [N, K] = ∂ℓ/∂z and h [N, d].

    It is 0 if the loss does not change when a number is added to all logits (Lemma E.5).
    """
    logit_gradients, features = np.asarray(logit_gradients), np.asarray(features)
    return logit_gradients.sum(1) @ features / len(features)


def sgdw_factor(lrs: ArrayLike, decay: ArrayLike) -> NDArray:
    """r_0 … r_T [T + 1, ...] under SGD with decoupled decay (Thm 3.1, E.1).

    r_t = Π_{s<t} (1 − η_s λ) for every momentum. α is proportional to r².
    """
    return _from_one(np.cumprod(1 - np.asarray(lrs, float) * decay, axis=0))


def sgd_factor(lrs: ArrayLike, momentum: ArrayLike, decay: ArrayLike) -> NDArray:
    """r_0 … r_T [T + 1, ...] under SGD with coupled decay (Thm 3.2, E.2, for any schedule).

        q ← βq + λr;  r ← r − ηq, from q = 0, r = 1

    With constant η this is r_{t+1} = (1 + β − ηλ) r_t − β r_{t−1}. Without decay, r stays exactly
    1.
    """
    lrs, momentum, decay = (np.asarray(values, float) for values in (lrs, momentum, decay))
    shape = np.broadcast_shapes(lrs.shape[1:], momentum.shape, decay.shape)
    factors, velocity = np.ones((len(lrs) + 1, *shape)), np.zeros(shape)
    for t, lr in enumerate(lrs):
        velocity = momentum * velocity + decay * factors[t]
        factors[t + 1] = factors[t] - lr * velocity
    return factors


def sgd_factor_for_small_decay(lrs: ArrayLike, momentum: ArrayLike, decay: ArrayLike) -> NDArray:
    """exp(−λ Σ_s η_s / (1 − β)) [...], the limit of r_T for ηλ ≪ (1 − β)² and T ≫ 1/(1 − β)."""
    return np.exp(-np.asarray(decay) * np.sum(lrs, axis=0) / (1 - np.asarray(momentum)))


def sgd_roots(lr: ArrayLike, momentum: ArrayLike, decay: ArrayLike) -> NDArray:
    """Roots of ρ² − (1 + β − ηλ)ρ + β = 0 [2, ...], complex, with the larger real part first.

    r_t = c₁ρ₁ᵗ + c₂ρ₂ᵗ under SGD with coupled decay and constant η.
    """
    half = (1 + np.asarray(momentum, float) - np.asarray(lr, float) * decay) / 2
    root = np.sqrt(half**2 - momentum + 0j)
    return np.stack([half + root, half - root])


def sgd_spectral_radius(lr: ArrayLike, momentum: ArrayLike, decay: ArrayLike) -> NDArray:
    """max |ρ| [...]. It is below 1 exactly for 0 < ηλ < 2(1 + β), and √β if NC0 oscillates."""
    return np.abs(sgd_roots(lr, momentum, decay)).max(axis=0)


def oscillates(lr: ArrayLike, momentum: ArrayLike, decay: ArrayLike) -> NDArray:
    """Whether the roots are complex: (1 − √β)² < ηλ < (1 + √β)². This is not in the paper."""
    product, root = np.asarray(lr, float) * decay, np.sqrt(momentum)
    return ((1 - root) ** 2 < product) & (product < (1 + root) ** 2)


def sign_decoupled_alpha(lrs: ArrayLike, decay: float, classes: int) -> NDArray:
    """α_0 … α_T [T + 1] under SignGD with decoupled decay (Thm 3.3, E.3).

    The setting is unconstrained features with N = K samples fixed on the simplex, W_0 = 0, 0 < ηλ <
    1. Then W_t = w_t (J − 2I), w_t = −(1 − r_t)/λ with r of :func:`sgdw_factor`, and α_t = (K − 2)²
    w_t².
    """
    return sign_decoupled_limit(decay, classes) * (1 - sgdw_factor(lrs, decay)) ** 2


def sign_decoupled_limit(decay: float, classes: int) -> float:
    """(K − 2)²/λ², the limit to which α = ‖Wᵀ1‖²/K rises (Thm 3.3).

    So NC0 does not vanish for K > 2.
    """
    return ((classes - 2) / decay) ** 2


def sign_gradient(gap: ArrayLike, classes: int, samples: int) -> NDArray:
    """ψ, the off-diagonal entries of ∇_W L in Thm 3.4. Those of the diagonal are −(K − 1)ψ.

        ψ = 1/(N√(K − 1)) · 1/(exp(gap/√(K − 1)) + K − 1),   gap = a + b

    This is for the mean over N samples (N = 1: for their sum). The paper has (a + b)/(K − 1) in the
    exponent.
    """
    root = np.sqrt(classes - 1)
    return 1 / (samples * root * (np.exp(np.asarray(gap) / root) + classes - 1))


def sign_coupled(lrs: ArrayLike, decay: float, classes: int) -> tuple[NDArray, NDArray]:
    """a, b [T + 1] of W_t = (a_t + b_t) I − b_t J under SignGD with coupled decay (Thm 3.4, E.4).

    The setting is that of :func:`sign_decoupled_alpha`. From 0,

        a ← a + η sign((K − 1)ψ − λa);  b ← b + η sign(ψ − λb)

    With constant η, a and b finally jump by ± η. α = (a − (K − 1)b)² vanishes if η decays.
    """
    a, b = np.zeros((2, len(lrs) + 1))
    for t, lr in enumerate(lrs):
        psi = sign_gradient(a[t] + b[t], classes, samples=classes)
        a[t + 1] = a[t] + lr * np.sign((classes - 1) * psi - decay * a[t])
        b[t + 1] = b[t] + lr * np.sign(psi - decay * b[t])
    return a, b


def sign_coupled_alpha(a: NDArray, b: NDArray, classes: int) -> NDArray:
    """α = ‖Wᵀ1‖²/K = (a − (K − 1) b)² of W = (a + b) I − bJ."""
    return (a - (classes - 1) * b) ** 2


class AlphaRate(NamedTuple):
    """The four terms of (α_{t+1} − α_t)/η, which is their sum (Lemma E.6)."""

    momentum: float
    """−2β ω, ω = ⟨VWᵀ, J/K⟩"""
    gradient: float
    """−2γ, γ = ⟨GWᵀ, J/K⟩: 0 under SGD; it makes α rise under adaptive optimizers"""
    decay: float
    """−2λα"""
    step: float
    """ην, ν = ⟨V'V'ᵀ, J/K⟩ of the velocity after the step"""


def alpha_rate(
    weight: NDArray,
    velocity: NDArray,
    gradient: NDArray,
    *,
    lr: float,
    momentum: float,
    decay: float,
) -> AlphaRate:
    """The terms by which α changes in a step (Lemma E.6), for any G [K, d].

    The step is V' = βV + G + λW, W' = W − ηV'.
    """
    after = momentum * velocity + gradient + decay * weight
    return AlphaRate(
        -2 * momentum * row_sum_product(velocity, weight),
        -2 * row_sum_product(gradient, weight),
        -2 * decay * row_sum_product(weight, weight),
        lr * row_sum_product(after, after),
    )


def row_sum_product(left: NDArray, right: NDArray) -> float:
    """⟨A Bᵀ, J/K⟩ = (Aᵀ1)·(Bᵀ1)/K of [K, d] matrices; α for A = B = W."""
    return float(left.sum(0) @ right.sum(0)) / len(left)


def normalized_nc0_bound(nc3: ArrayLike, classes: int) -> NDArray:
    """√K · NC3 ≥ ‖Wᵀ1‖/‖W‖_F, NC3 = ‖W/‖W‖_F − Mᵀ/‖M‖_F‖_F (Prop. 2.1, normalised).

    The columns of M, class means minus their mean, sum to 0. So NC3 alone bounds the normalised
    NC0, and NC3 ≥ NC0/(√K ‖W‖_F). If ‖W‖ grows, NC2 and NC3 do not bound ‖Wᵀ1‖ itself.
    """
    return np.sqrt(classes) * np.asarray(nc3)


def _from_one(factors: NDArray) -> NDArray:
    return np.concatenate([np.ones((1, *factors.shape[1:])), factors])
