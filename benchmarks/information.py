"""Measure the errors of estimates of mutual information, in cases where the answer is known.

    python -m benchmarks.information

There are two representations Z of X ~ N(0, I) in four dimensions. One is a Gaussian bottleneck,
Z = ρX + √(1 − ρ²)ε, with I = −2 ln(1 − ρ²). The other is a quantiser, where Z is the k-quantile of
X's first coordinate and I = ln k. The program prints the relative error of the mean over seeds, by
the number of samples, for two estimates: from entropies, as in the paper's figures, and from
Kraskov's counts. Many points of a quantiser are equal, so its estimate takes the entropies of X and
of X given Z: I(X; Z) = h(X) − h(X|Z).
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from latephase.metrics.mutual_information.nearest_neighbours import (
    information_of_labels,
    information_of_points,
    kraskov_information,
    kraskov_information_of_labels,
)

DIMENSION = 4


def bottleneck(seed: int, samples: int, information: float) -> tuple[NDArray, NDArray]:
    """Inputs, and a Gaussian representation that has so many nats of information about them."""
    generator = np.random.default_rng(seed)
    rho = np.sqrt(1 - np.exp(-2 * information / DIMENSION))
    inputs = generator.normal(size=(samples, DIMENSION))
    noise = generator.normal(size=(samples, DIMENSION))
    return inputs, rho * inputs + np.sqrt(1 - rho**2) * noise


def quantiser(seed: int, samples: int, levels: int) -> tuple[NDArray, NDArray]:
    """Inputs, and for each input the k-quantile that its first coordinate is in."""
    inputs = np.random.default_rng(seed).normal(size=(samples, DIMENSION))
    bounds = np.quantile(inputs[:, 0], np.linspace(0, 1, levels + 1)[1:-1])
    return inputs, np.searchsorted(bounds, inputs[:, 0])


def errors(samples: int, seeds: int, make, value, truth: float, estimates) -> list[float]:
    """The relative error of the mean over seeds, for each estimate."""
    found = [[estimate(*make(seed, samples, value))[0] for estimate in estimates]
             for seed in range(seeds)]  # fmt: skip
    return [float(mean / truth - 1) for mean in np.mean(found, axis=0)]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Errors of estimates of mutual information.")
    parser.add_argument("--samples", type=int, nargs="+", default=[797, 3000, 10_000])
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args(argv)
    print("samples  representation     nats  entropies  Kraskov", flush=True)
    points = information_of_points, kraskov_information
    labels = information_of_labels, kraskov_information_of_labels
    for samples in args.samples:
        for nats in (1.0, 2.0, 3.5, 5.0):
            two = errors(samples, args.seeds, bottleneck, nats, nats, points)
            print(f"{samples:>7}  bottleneck       {nats:>6.2f}  {two[0]:>+8.1%}  {two[1]:>+7.1%}")
        for k in (2, 4, 10):
            two = errors(samples, args.seeds, quantiser, k, np.log(k), labels)
            name = f"quantiser, k={k:<3}"
            print(f"{samples:>7}  {name}{np.log(k):>7.2f}  {two[0]:>+8.1%}  {two[1]:>+7.1%}")


if __name__ == "__main__":
    main()
