"""A small network's layout, and an optimizer's steps on it, for the tests of the optimizers."""

import math

import torch
from torch import nn

from latephase.runs import parts
from latephase.training.trainer import Layout, initial_state
from tests.parts.optimizers.references import defaults

NET = nn.ModuleDict(
    {
        "conv": nn.Conv2d(2, 3, 2),  # a wide matrix, [3, 8]
        "norm": nn.LayerNorm(3),
        "linear": nn.Linear(4, 6),  # a tall one
        "head": nn.Linear(6, 4),
    }
)
LAYOUT = Layout(NET)
SIZE = sum(math.prod(shape) for shape in LAYOUT.shapes.values())
DECAYED = {name: len(shape) > 1 for name, shape in LAYOUT.shapes.items()}
MASK = torch.cat(
    [torch.full((math.prod(s),), float(DECAYED[n])) for n, s in LAYOUT.shapes.items()]
).double()


def start(runs, dtype=torch.float64, seed=1):
    return torch.randn(runs, SIZE, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def gradients(params, seed):
    """Random, and dependent on the parameters, as gradients are."""
    noise = torch.randn(params.shape, dtype=params.dtype, generator=torch.manual_seed(seed))
    return noise * (params - 0.3)


def schedule(step):
    """A factor of the learning rate that changes at every step."""
    return 0.6 + 0.4 * math.cos(step)


class Steps:
    """An optimizer at work on rows ``[R, P]``, as the engine calls it."""

    def __init__(self, name, runs, params, masked=False, layout=LAYOUT):
        self.update = parts.load("optimizer", name).update
        self.runs = [defaults(name) | run for run in runs]
        self.params, self.layout, self.count = params.clone(), layout, 0
        self.state = initial_state(parts.load("optimizer", name), self.params, layout)
        self.hyper = dict(self.runs[0])
        if len(runs) > 1:
            for key, value in self.hyper.items():
                if not isinstance(value, str):
                    column = [run[key] for run in self.runs]
                    self.hyper[key] = torch.tensor(column, dtype=torch.float64).unsqueeze(1)
        if masked:
            for key in [key for key in self.hyper if key.endswith("weight_decay")]:
                self.hyper[key] = self.hyper[key] * MASK.unsqueeze(0)

    def step(self, grads, factor=1.0):
        self.count += 1
        hyper = self.hyper | {"lr": self.hyper["lr"] * factor}
        self.update(self.params, grads.clone(), self.state, hyper, self.count, self.layout)
        return self.params


def trajectory(name, run, steps=25, params=None, scale=1.0, **options):
    """The parameters after each step of one run on gradients that depend on the step alone."""
    at = Steps(name, [run], start(1) if params is None else params, **options)
    noise = [start(1, at.params.dtype, seed=100 + step) for step in range(steps)]
    return torch.stack([at.step(scale * g, schedule(i)).clone() for i, g in enumerate(noise)])
