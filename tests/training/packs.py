"""Small packs on the digits, for the tests of the engine."""

from latephase.runs import grid, packs, spec

RUN = {
    "data": {"name": "digits", "train_size": 50, "test_size": 40, "mean": 0.3, "std": 0.4},
    "model": {"name": "mlp", "widths": [12, 8], "init_scale": 2.0},
    "loss": {"name": "mse", "reduction": "sum"},
    "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.1},
    "batch_size": 20,
    "steps": 12,
    "checkpoints": {"log": 4},
    "seed": 1,
}
"""50 samples in batches of 20: an epoch is two whole batches and a half one."""

SGD = {"optimizer": {"name": "sgd", "lr": 1e-3, "momentum": 0.9, "weight_decay": 0.01}}

MIXTURE = {
    "optimizer": {
        "name": "adam_mixture",
        "lr": 1e-3,
        "weight_decay": 0.1,
        "coupled_weight_decay": 0.01,
    }
}

CROSS_ENTROPY = {"loss": {"name": "cross_entropy", "reduction": "mean"}}
KINDS = {"adamw": {}, "sgd": SGD, "adamw cross entropy": CROSS_ENTROPY}
"""Changes of ``RUN`` that the engine trains in ways of their own."""

CNN = {
    "model": {"name": "cnn", "widths": [4, 6]},
    "loss": {"name": "cross_entropy", "reduction": "mean"},
    "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01},
}
"""A network with batch normalisation, which keeps statistics in buffers."""
CNN_NUMBERS = (
    {"seed": 1},
    {"seed": 2, "optimizer.lr": 0.1},
    {"seed": 2, "optimizer.weight_decay": 0.1},
)

# Every number that may differ within a pack does, in one run or another.
SEVERAL = (
    {"seed": 1},
    {"seed": 2, "optimizer.lr": 3e-3},
    {"seed": 2, "optimizer.weight_decay": 0.5},
    {"seed": 3, "model.init_scale": 0.5},
)


def run(values=(), **changes):
    """A whole spec: ``RUN`` with entries replaced, then values at dotted names."""
    return grid.resolved(spec.replaced(RUN | changes, dict(values)))


def pack(*numbers, **changes):
    """The pack of runs that differ from ``RUN`` in the given numbers at dotted names."""
    return packs.pack_of([run(values, **changes) for values in numbers or ({},)])
