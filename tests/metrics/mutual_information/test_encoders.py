"""Encodings of representations and inputs: what they keep, what they drop, that they repeat."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latephase.metrics.mutual_information.encoders import (
    Decoder,
    Encoder,
    learned_encoding,
    trained_autoencoder,
    whitened_components,
)


@pytest.fixture(autouse=True)
def one_thread():
    """As the programs have it; convolutions as small as these wait for one another on two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sample(seed=0, samples=80, dimension=10):
    """Directions of very different variance, and a mean far from 0."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(samples, dimension, generator=generator, dtype=torch.float64)
    mixing = torch.randn(dimension, dimension, generator=generator, dtype=torch.float64)
    return points * 0.7 ** torch.arange(dimension) @ torch.linalg.qr(mixing).Q + 5


def distances(points):
    return torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")


@pytest.mark.parametrize("seed", [0, 1])
def test_principal_components_of_variance_one(seed):
    points = sample(seed)
    encoding = whitened_components(points)
    assert encoding.shape == (80, 4)
    assert encoding.mean(0).abs().max() < 1e-12
    assert torch.allclose(torch.cov(encoding.T, correction=0), torch.eye(4).double(), atol=1e-10)
    left, *_ = torch.linalg.svd(points - points.mean(0), full_matrices=False)
    expected = math.sqrt(80) * left[:, :4]
    assert torch.allclose(encoding.abs(), expected.abs(), rtol=1e-8)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-4, 1e4), shift=st.floats(-100, 100))
def test_distances_do_not_see_rotation_scale_and_shift(seed, scale, shift):
    points = sample(seed)
    rotation = torch.linalg.qr(sample(7)[:10]).Q
    moved = scale * (points @ rotation + shift)
    expected = distances(whitened_components(points))
    assert torch.allclose(distances(whitened_components(moved)), expected, rtol=1e-6, atol=1e-8)


def test_dead_features_and_few_dimensions_leave_fewer_components():
    points = sample()
    encoding = whitened_components(torch.cat([points, torch.full((80, 30), 2.0).double()], dim=1))
    assert torch.allclose(distances(encoding), distances(whitened_components(points)), rtol=1e-8)
    flat = points[:, :2] @ sample(3)[:2]  # a plane in ten dimensions, rounded to float32
    for representation in (flat, flat.float(), 1e6 * flat.float(), (flat + 1e3).float()):
        assert whitened_components(representation).shape == (80, 2)
    assert whitened_components(points[:, :1]).shape == (80, 1)
    assert whitened_components(torch.full((80, 5), 0.1)).shape == (80, 0)
    assert whitened_components(torch.zeros(80, 5)).shape == (80, 0)


def test_small_features_are_not_regularised_away():
    """collapse-dynamics adds 1e-6 to variances, so that features of 1e-4 have codes of 0.1."""
    encoding = whitened_components(1e-4 * sample().float())
    assert torch.allclose(encoding.var(0, correction=0), torch.ones(4).double(), atol=1e-9)


def test_equal_samples_have_equal_codes_to_the_last_bit():
    """A product of two rows, a block's remainder, rounds them differently from one of 512."""
    points = sample(samples=514, dimension=512).float()
    points[100:200] = points[5]
    points[512:] = points[:2]
    encoding = whitened_components(points)
    assert torch.equal(encoding[512:], encoding[:2])
    assert (encoding[100:200] == encoding[5]).all()
    assert len(encoding.unique(dim=0)) == len(points.unique(dim=0)) == 412


def test_blocks_do_not_change_the_code(monkeypatch):
    points = sample()
    before = distances(whitened_components(points))
    monkeypatch.setattr("latephase.metrics.mutual_information.encoders.ROWS_AT_ONCE", 7)
    assert torch.allclose(distances(whitened_components(points)), before, rtol=1e-9)


def test_not_finite_has_no_code():
    points = sample()
    points[3, 1] = math.inf
    assert whitened_components(points).isnan().all()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 7, 10), (1, 28, 28), (2, 1, 5)])
def test_decoder_gives_back_the_shape(shape):
    images = torch.zeros(6, *shape)
    latent = Encoder(images.shape[1:], 4)(images)
    assert latent.shape == (6, 4)
    assert Decoder(images.shape[1:], 4)(latent).shape == images.shape


def images(samples=200):
    """Squares of four sizes of brightness, in one of four corners."""
    generator = torch.Generator().manual_seed(0)
    corner = torch.randint(4, (samples,), generator=generator)
    brightness = 1 + torch.randint(4, (samples,), generator=generator)
    halves = torch.nn.functional.one_hot(corner, 4).view(samples, 1, 2, 2) * brightness.view(
        -1, 1, 1, 1
    )
    return torch.nn.functional.interpolate(halves.float(), scale_factor=4)


def test_the_code_repeats_and_leaves_no_trace():
    inputs = images(60)
    state = torch.random.get_rng_state()
    first, again, other = (
        learned_encoding(inputs, inputs, torch.Generator().manual_seed(seed), steps=2)
        for seed in (1, 1, 2)
    )
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (60, 4)
    assert len(first.unique(dim=0)) == len(inputs.flatten(1).unique(dim=0)) < 60
    # Trained, it is a function of one input: no dropout, no noise, nothing of the batch.
    encoder, _ = trained_autoencoder(inputs, torch.Generator().manual_seed(1), steps=2)
    assert torch.allclose(encoder(inputs)[:7], encoder(inputs[:7]), rtol=1e-4, atol=1e-6)
    expected = distances(whitened_components(encoder(inputs).detach()))
    assert torch.allclose(distances(first), expected, rtol=1e-4)


def test_training_brings_what_is_decoded_nearer_to_what_was_encoded():
    inputs, errors = images(), []
    for steps in (1, 80):
        generator = torch.Generator().manual_seed(0)
        encoder, decoder = trained_autoencoder(inputs, generator, steps=steps)
        with torch.no_grad():
            errors.append(float((decoder(encoder(inputs)) - inputs).abs().mean()))
    assert errors[1] < 0.7 * errors[0]


def test_inputs_that_are_no_images_are_refused():
    with pytest.raises(ValueError, match=r"takes inputs \[N, C, H, W\], not \[5, 3\]"):
        learned_encoding(torch.zeros(5, 3), torch.zeros(5, 3), torch.Generator())
