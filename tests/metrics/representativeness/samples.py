"""Samples for representativeness, and its kernel formulas pair by pair."""

import math

import numpy as np
import torch

from latephase.metrics.representativeness.family import COLUMNS, representativeness_metrics

LOSSES = ("cross_entropy", "mse")
FIRST = COLUMNS[:3]
RELEASED = COLUMNS[3:]
KERNEL = "representativeness_released_kernel"


def draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def sample(seed=0, sizes=(40, 25), dimension=6, classes=4, scale=1.0):
    """Training and test (features, logits, labels), W and b; the labels follow the logits a bit."""
    generator = torch.Generator().manual_seed(seed)
    weight, bias = scale * draw(generator, classes, dimension), draw(generator, classes)
    sets = []
    for size in sizes:
        features = draw(generator, size, dimension)
        logits = features @ weight.T + bias
        sets.append((features, logits, (logits + draw(generator, size, classes)).argmax(1)))
    return *sets, weight, bias


def measure(train, test, weight, loss="cross_entropy", delta=0.02, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return representativeness_metrics(train, test, weight, loss, generator, delta)


def loss_of(z, y, loss):
    """ℓ(z, y) of one sample, in numpy."""
    if loss == "mse":
        return ((z - np.eye(len(z))[y]) ** 2).sum()
    others = np.delete(z - z[y], y)
    return np.log1p(np.exp(others).sum())


def brute_force(train, test, loss, delta):
    """The kernel formulas pair by pair, and the mean losses."""
    doubles = ([x.double(), z, y] for x, z, y in (train, test))
    (a, za, ya), (b, zb, yb) = ([t.numpy() for t in samples] for samples in doubles)
    norms = np.array([np.sqrt((x**2).sum()) for x in a])
    test_loss = np.mean([loss_of(z, y, loss) for z, y in zip(zb, yb, strict=True)])
    train_loss = np.mean([loss_of(z, y, loss) for z, y in zip(za, ya, strict=True)])
    terms = np.zeros((len(b), len(a)))
    for j, (query, y) in enumerate(zip(b, yb, strict=True)):
        for i, (x, z) in enumerate(zip(a, za, strict=True)):
            root = math.sqrt(math.sqrt(((query - x) ** 2).sum()))
            terms[j, i] = math.exp(-(root**2) / 2) / math.sqrt(2 * math.pi) * loss_of(z, y, loss)
    kernel = (terms * norms / norms.sum()).mean(1).mean()
    return {
        "gap": test_loss - train_loss,
        "representativeness_released": test_loss - kernel,
        "representativeness_released_kernel": kernel,
        "representativeness_weighted": test_loss - (terms * delta * norms).mean(1).mean(),
    }
