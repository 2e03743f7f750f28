"""Representations and inputs encoded in a few numbers, for estimators by nearest neighbours.

The mutual information of two encodings is a lower bound of that of the encoded quantities. The loss
depends on the encodings and changes with them. As in Butakov 2024 and in the code of sakamoto2026,
the representation is encoded by its first principal components, and the inputs by a convolutional
autoencoder.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import dropout, leaky_relu

from latephase.metrics.information.binning import row_groups

COMPONENTS = 4
ROWS_AT_ONCE = 512

CHANNELS = (8, 16, 32)
"""The channels of the three convolutions for inputs with one channel; twice as many for inputs with
more."""

HIDDEN = 128
DROPOUT = 0.1
LATENT_NOISE = 0.1
LEARNING_RATE = 1e-3
BATCH_SIZE = 256
STEPS = 4000


def whitened_components(samples: Tensor, components: int = COMPONENTS) -> Tensor:
    """Principal components of samples [N, d], each with mean 0 and variance 1: [N, r], float64.

    r is at most `components`. A direction is left out if the standard deviation along it does not
    exceed float32's rounding of the samples' norms, because it contains only rounding. This
    includes constant (dead) features, so r = 0 if all samples are the same. Samples that are the
    same have exactly the same encoding. The result is NaN [N, 1] if a sample is not finite.
    """
    if not samples.isfinite().all():
        return samples.new_full((len(samples), 1), math.nan, dtype=torch.float64)
    mean = torch.stack([b.to(torch.float64).sum(0) for b in _blocks(samples)]).sum(0) / len(samples)
    covariance = mean.new_zeros(len(mean), len(mean))
    for block in _blocks(samples):
        deviations = block.to(torch.float64) - mean
        covariance.addmm_(deviations.T, deviations, alpha=1 / len(samples))
    variances, directions = torch.linalg.eigh(covariance)  # ascending
    squared_norm = covariance.trace() + mean.square().sum()
    kept = variances > torch.finfo(torch.float32).eps ** 2 * squared_norm
    kept[:-components] = False
    scaled = (directions[:, kept] / variances[kept].sqrt()).flip(1)
    encoding = torch.cat([(block.to(torch.float64) - mean) @ scaled for block in _blocks(samples)])
    return encoding[_first_equal(samples)]


def learned_encoding(
    inputs: Tensor,
    train_inputs: Tensor,
    generator: Generator,
    components: int = COMPONENTS,
    steps: int = STEPS,
) -> Tensor:
    """Encodings of inputs [N, C, H, W] by an autoencoder trained on train_inputs: [N, r], float64.

    They are the principal components of the latent numbers, scaled to variance 1. r is smaller than
    `components` if latents are constant. Equal inputs have equal encodings. The generator, on the
    CPU, decides everything random: the same seed, inputs and number of threads give the same
    encodings.
    """
    encoder, _ = trained_autoencoder(train_inputs, generator, components, steps)
    with torch.no_grad():
        encodings = torch.cat([encoder(block) for block in _blocks(inputs)])
    return whitened_components(encodings[_first_equal(inputs.flatten(1))], components)


def trained_autoencoder(
    inputs: Tensor, generator: Generator, components: int = COMPONENTS, steps: int = STEPS
) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder, in evaluation mode, trained on inputs [N, C, H, W].

    As in the code of sakamoto2026: L1 loss, Adam at 1e-3, batches of 256, dropout of 0.1 before
    each convolution, and noise of 0.1 of its size on each latent number. That code trains for 200
    epochs of 60,000 images (47,000 steps). Here the number of steps is fixed, whatever the number
    of images is. 4,000 steps take one core of a processor a minute and a half for images of 8 × 8,
    and six minutes for 28 × 28. Raises ValueError for inputs that are not images. The global random
    state is not changed.
    """
    if inputs.ndim != 4:
        raise ValueError(f"the autoencoder takes inputs [N, C, H, W], not {list(inputs.shape)}")
    devices = [inputs.device] if inputs.is_cuda else []
    with torch.random.fork_rng(devices), torch.enable_grad():
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        encoder = Encoder(inputs.shape[1:], components).to(inputs.device)
        decoder = Decoder(inputs.shape[1:], components).to(inputs.device)
        parameters = [*encoder.parameters(), *decoder.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE)
        for rows in _batches(len(inputs), steps):
            batch = inputs[rows.to(inputs.device)]
            latent = encoder(batch)
            latent = latent + LATENT_NOISE * latent * torch.randn_like(latent)
            loss = (decoder(latent) - batch).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return encoder.eval(), decoder.eval()


class Encoder(nn.Module):
    """Three convolutions of stride 2 and two linear layers: [N, C, H, W] to [N, components]."""

    def __init__(self, shape: torch.Size, components: int):
        super().__init__()
        sizes, channels = _pyramid(shape)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(first, second, 3, stride=2, padding=1) for first, second in pairwise(channels)
        )
        self.hidden = nn.Linear(channels[-1] * math.prod(sizes[-1]), HIDDEN)
        self.latent = nn.Linear(HIDDEN, components)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = leaky_relu(convolution(dropout(x, DROPOUT, self.training)))
        return self.latent(leaky_relu(self.hidden(x.flatten(1))))


class Decoder(nn.Module):
    """The encoder mirrored: [N, components] to [N, C, H, W]."""

    def __init__(self, shape: torch.Size, components: int):
        super().__init__()
        sizes, channels = _pyramid(shape)
        self.smallest = (channels[-1], *sizes[-1])
        self.hidden = nn.Linear(components, HIDDEN)
        self.image = nn.Linear(HIDDEN, math.prod(self.smallest))
        self.convolutions = nn.ModuleList()
        for level in (3, 2, 1):
            # Several sizes shrink to the same one. This restores the original size.
            lost = [n - (2 * m - 1) for n, m in zip(sizes[level - 1], sizes[level], strict=True)]
            self.convolutions.append(
                nn.ConvTranspose2d(
                    channels[level],
                    channels[level - 1],
                    3,
                    stride=2,
                    padding=1,
                    output_padding=lost,
                )
            )

    def forward(self, latent: Tensor) -> Tensor:
        x = leaky_relu(self.image(leaky_relu(self.hidden(latent)))).unflatten(1, self.smallest)
        for convolution in self.convolutions[:-1]:
            x = leaky_relu(convolution(x))
        return self.convolutions[-1](x)


def _pyramid(shape: torch.Size) -> tuple[list[tuple[int, int]], list[int]]:
    """Height and width, and channels, before and after each of the three convolutions."""
    sizes = [tuple(shape[1:])]
    for _ in CHANNELS:
        sizes.append(tuple((n + 1) // 2 for n in sizes[-1]))
    wider = 1 if shape[0] == 1 else 2
    return sizes, [shape[0], *(wider * channels for channels in CHANNELS)]


def _batches(samples: int, steps: int) -> Iterator[Tensor]:
    """Indices of `steps` batches. Each pass is shuffled, and its last batch may be smaller."""
    while steps > 0:
        for rows in torch.randperm(samples).split(BATCH_SIZE)[:steps]:
            yield rows
            steps -= 1


def _first_equal(samples: Tensor) -> Tensor:
    """For each of the samples [N, d], the index [N] of the first sample that is equal to it.

    A matrix product may round equal rows differently, depending on their places. So one of the
    equal rows represents all of them.
    """
    groups = row_groups(samples)
    indices = torch.arange(len(samples), device=samples.device)
    first = torch.full_like(indices, len(samples)).scatter_reduce(0, groups, indices, "amin")
    return first[groups]


def _blocks(samples: Tensor) -> tuple[Tensor, ...]:
    return samples.split(ROWS_AT_ONCE)
