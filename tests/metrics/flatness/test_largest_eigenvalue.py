"""Lanczos for many matrices at once, against their known spectra."""

import math

import pytest
import torch

from latephase.metrics.flatness import largest_eigenvalue
from latephase.metrics.flatness.largest_eigenvalue import largest_eigenvalues, random_start

DIMENSION = 120
SPECTRA = {
    "one": [1.0, *[0.0] * (DIMENSION - 1)],
    "even": torch.linspace(0, 1, DIMENSION).tolist(),
    "close": [1.0, 1 - 1e-5, *torch.linspace(0, 0.999, DIMENSION - 2).tolist()],
    "crowded at the top": (1 - 1e-3 * torch.linspace(0, 1, DIMENSION) ** 2).tolist(),
    "falling": torch.logspace(0, -30, DIMENSION).tolist(),
    "all the same": [1.0] * DIMENSION,
    "nothing": [0.0] * DIMENSION,
}


def matrices(scale=1.0):
    generator = torch.Generator().manual_seed(1)
    found = []
    for spectrum in SPECTRA.values():
        random = torch.randn(DIMENSION, DIMENSION, generator=generator, dtype=torch.float64)
        basis = torch.linalg.qr(random).Q
        values = scale * torch.tensor(spectrum, dtype=torch.float64)
        found.append((basis * values) @ basis.T)
    return torch.stack(found)


def measured(stack):
    start = random_start(*stack.shape[:2], stack.device)
    return largest_eigenvalues(lambda v: (stack @ v[:, :, None])[:, :, 0], start)


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e9])
def test_known_spectra(scale):
    exact = [scale * max(spectrum) for spectrum in SPECTRA.values()]
    assert measured(matrices(scale)).tolist() == pytest.approx(exact, rel=1e-9, abs=0)


@pytest.mark.parametrize("name", SPECTRA)
def test_one_alone(name):
    place = list(SPECTRA).index(name)
    found = measured(matrices()[[place]])
    assert found.tolist() == pytest.approx([max(SPECTRA[name])], rel=1e-9, abs=0)


def test_as_many_steps_as_dimensions():
    assert measured(torch.tensor([[[2.0]], [[0.5]]]).double()).tolist() == [2.0, 0.5]


def test_not_converged_is_nan(monkeypatch):
    monkeypatch.setattr(largest_eigenvalue, "MOST_STEPS", 8)
    values = dict(zip(SPECTRA, measured(matrices()).tolist(), strict=True))
    assert math.isnan(values["close"])
    assert math.isnan(values["crowded at the top"])
    assert values["one"] == pytest.approx(1, rel=1e-12)


def test_not_finite_is_nan():
    stack = matrices()
    stack[0, 0, 0] = math.nan
    assert measured(stack).isnan().all()


def test_the_start_is_the_same_every_time():
    device = torch.device("cpu")
    assert torch.equal(random_start(3, 5, device), random_start(3, 5, device))
