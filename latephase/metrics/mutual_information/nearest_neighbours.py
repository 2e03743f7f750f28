"""Entropy and mutual information from distances to nearest neighbours, in nats.

Points are samples of a density in R^d. With r_ij the distance of point i to its j-th neighbour and
V_d the volume of the unit ball, the density at i is about e^ψ(j) / (V_d r_ij^d (n − 1)). Therefore

    h = 1/n Σ_i Σ_j w_j [ln V_d + d ln r_ij + ln(n − 1) − ψ(j)],   Σ_j w_j = 1

Kozachenko & Leonenko 1987 put all the weight on one neighbour. In more than four dimensions no
single neighbour is efficient. Weights over several neighbours cancel the leading terms of the bias
(Berrett, Samworth & Yuan 2019).

Points that coincide have no density. Then the entropy is −∞, and a mutual information that is
computed from entropies is NaN, because ∞ − ∞ is undefined. Other code puts a floor under r_ij,
which makes up a number. The estimator of Kraskov needs no density: :func:`kraskov_information` is
right for atoms, densities and mixtures of both.

Points and encodings are NumPy arrays. Distances to neighbours come from scipy's tree. In the
maximum norm, neighbours within a radius are counted by scikit-learn's tree, which adds up whole
branches.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma, gammaln
from sklearn.neighbors import KDTree

NEIGHBOURS = 5


def entropy_terms(points: NDArray, weights: NDArray | None = None) -> NDArray:
    """Terms [n], one for each of points [n, d], whose mean is the entropy: −ln of the density.

    Args: weights [k] of the first k neighbours, by default :func:`weights_without_bias`. A term is
    −∞ if a neighbour with weight is at distance 0. All are NaN unless there are more than k points.
    """
    size, dimension = points.shape
    if weights is None:
        weights = weights_without_bias(NEIGHBOURS, dimension)
    used = np.flatnonzero(weights)
    if size <= used[-1] + 1:
        return np.full(size, math.nan)
    # The first neighbour is the point itself, or a point that coincides with it.
    radii = _tree(points).query(points, k=used + 2)[0]
    with np.errstate(divide="ignore"):
        volumes = log_ball_volume(dimension) + dimension * np.log(radii)
    terms = math.log(size - 1) + volumes - digamma(used + 1)
    apart = (radii > 0).all(axis=1)
    result = np.full(size, -math.inf)
    result[apart] = terms[apart] @ weights[used]
    return result


def entropy(points: NDArray, weights: NDArray | None = None) -> tuple[float, float]:
    """Differential entropy of points [n, d] and its standard error; −∞ if points coincide."""
    terms = entropy_terms(points, weights)
    return (-math.inf, math.nan) if np.isneginf(terms).any() else mean_and_error(terms)


def weights_without_bias(neighbours: int, dimension: int) -> NDArray:
    """Weights [k] of the first k neighbours that cancel ⌊d/4⌋ terms of the bias.

    They are the solution of least norm of Σ_j w_j = 1 and Σ_j w_j Γ(j + 2l/d)/Γ(j) = 0 for l =
    1..⌊d/4⌋, with w_j = 0 unless j = ⌊i k/d⌋ for some i (Berrett, Samworth & Yuan 2019, eq. 4). For
    d ≤ 4 all the weight is on the first neighbour, as in the code of Butakov 2024. Raises
    ValueError if there are too few neighbours for the conditions.
    """
    weights = np.zeros(neighbours)
    if dimension <= 4:
        weights[0] = 1.0
        return weights
    used = np.unique(np.arange(1, dimension + 1) * neighbours // dimension)
    used = used[used > 0]
    orders = 2 * np.arange(1, dimension // 4 + 1)[:, None] / dimension
    moments = np.exp(gammaln(used + orders) - gammaln(used))
    if len(used) <= len(moments):
        raise ValueError(f"{neighbours} neighbours are too few in {dimension} dimensions")
    conditions = np.vstack([np.ones(len(used)), moments])
    right = np.zeros(len(conditions))
    right[0] = 1.0
    weights[used - 1] = np.linalg.lstsq(conditions, right, rcond=None)[0]
    return weights


def information_of_points(first: NDArray, second: NDArray) -> tuple[float, float]:
    """I(A; B) = h(A) + h(B) − h(A, B) of paired points [n, a] and [n, b], and its standard error.

    It is NaN if points of A, of B or of both coincide. It is biased downwards if A and B determine
    each other: distances of two points cannot show more than about ln n.
    """
    alone = entropy_terms(first), entropy_terms(second)
    joint = entropy_terms(np.hstack([first, second]))
    with np.errstate(invalid="ignore"):  # −∞ + ∞
        return mean_and_error(alone[0] + alone[1] - joint)


def information_of_labels(points: NDArray, labels: NDArray) -> tuple[float, float]:
    """I(A; Y) = h(A) − Σ_y n_y/n h(A|Y=y) of points [n, d] and labels [n], and its standard error.

    It is NaN if points coincide, or if a class that occurs has too few samples for its entropy.
    """
    within = np.empty(len(points))
    for label in np.unique(labels):
        within[labels == label] = entropy_terms(points[labels == label])
    with np.errstate(invalid="ignore"):  # −∞ + ∞
        return mean_and_error(entropy_terms(points) - within)


def kraskov_information(
    first: NDArray, second: NDArray, neighbours: int = NEIGHBOURS
) -> tuple[float, float]:
    """I(A; B) by counting neighbours, of points [n, a] and [n, b], and its standard error.

    This is the first estimator of Kraskov, Stögbauer & Grassberger 2004, in the maximum norm: ψ(k)
    + ψ(n) − ⟨ψ(n_a) + ψ(n_b)⟩. n_a is the number of points of A (with i itself) that are nearer to
    i than the k-th neighbour in (A, B). It is biased towards 0: by a fifth for 3.3 nats in eight
    dimensions at n = 3,000, and not visibly in four. If that neighbour is at distance 0, all
    counts, including k, are those of the points at distance 0 (Gao, Kannan, Oh & Viswanath 2017).
    So it is right for atoms and mixtures.
    """
    joint = np.hstack([first, second])
    if len(joint) <= neighbours:
        return math.nan, math.nan
    radii = _tree(joint).query(joint, k=[neighbours + 1], p=np.inf)[0][:, 0]
    together = radii == 0
    counts = np.full(len(joint), neighbours)
    if together.any():
        counts[together] = _count(joint, joint[together], radii[together])
    nearer = np.nextafter(radii, 0)  # strictly less than the radius
    marginal = [digamma(_count(side, side, nearer)) for side in (first, second)]
    return mean_and_error(digamma(counts) + digamma(len(joint)) - marginal[0] - marginal[1])


def kraskov_information_of_labels(
    points: NDArray, labels: NDArray, neighbours: int = NEIGHBOURS
) -> tuple[float, float]:
    """I(A; Y) by counting neighbours, of points [n, d] and labels [n], and its standard error.

    Ross 2014: this is :func:`kraskov_information` with labels that are either equal or infinitely
    far apart, in the Euclidean norm. It is NaN if a class that occurs does not have more samples
    than ``neighbours``.
    """
    terms = np.full(len(points), math.nan)
    everything = _tree(points)
    for label in np.unique(labels):
        members = labels == label
        own = points[members]
        if len(own) <= neighbours:
            return math.nan, math.nan
        tree = _tree(own)
        radii = tree.query(own, k=[neighbours + 1])[0][:, 0]
        together = radii == 0
        counts = np.full(len(own), neighbours)
        counts[together] = _count_euclidean(tree, own[together], radii[together])
        among_all = _count_euclidean(everything, own, np.nextafter(radii, 0))
        terms[members] = digamma(counts) - digamma(among_all) - digamma(len(own))
    return mean_and_error(digamma(len(points)) + terms)


def mean_and_error(terms: NDArray) -> tuple[float, float]:
    """Mean of terms [n] and its standard error; both NaN if a term is not finite."""
    if not np.isfinite(terms).all():
        return math.nan, math.nan
    return float(terms.mean()), float(terms.std(ddof=1) / math.sqrt(len(terms)))


def log_ball_volume(dimension: int) -> float:
    """ln of the volume of the unit ball in the Euclidean norm."""
    return dimension / 2 * math.log(math.pi) - gammaln(dimension / 2 + 1)


def _tree(points: NDArray) -> cKDTree:
    # Not balanced, because a median split takes quadratic time if many points coincide.
    return cKDTree(points, balanced_tree=False)


def _count(points: NDArray, centres: NDArray, radii: NDArray) -> NDArray:
    """How many points are within the radii of centres in the maximum norm, with the centres."""
    tree = KDTree(points, metric="chebyshev")
    return tree.query_radius(centres, radii, count_only=True)


def _count_euclidean(tree: cKDTree, centres: NDArray, radii: NDArray) -> NDArray:
    """The same for the points of a tree, in the Euclidean norm."""
    return tree.query_ball_point(centres, radii, return_length=True)
