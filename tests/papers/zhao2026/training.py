"""Trainings of a linear head in float64, by updates that are written here from the paper."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

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


def squared(logits, labels):
    return (logits - one_hot(labels, CLASSES)).square().mean()


def alphas(weights):
    """1/K ‖Wᵀ1‖²."""
    return (weights.sum(1) ** 2).sum(1) / weights.shape[1]


def simplex(classes):
    """M* = (I − J/K)/√(K − 1), features in columns."""
    identity = torch.eye(classes, dtype=torch.float64)
    return (identity - 1 / classes) / np.sqrt(classes - 1)
