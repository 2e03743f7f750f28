"""Measure the curvature of the training loss of every run of a pack at every checkpoint.

    python -m scripts.extract.curvature --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/curvature.parquet

It is measured on the training set. If that is larger than SAMPLES, it is measured on SAMPLES of the
samples, the same for every run and step.
"""

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.curvature.family import curvature_metrics
from latephase.runs import parts
from latephase.runs.derived_seed import derived_seed
from scripts import extracting

SAMPLES = 10_000
"""The largest number of samples. A product with the Hessian costs four passes over them."""


def generator_of(seed: int) -> torch.Generator:
    """The generator of a run's random directions, which are the same at every step.

    It does not begin with `manual_seed(seed)`, because the initial weights were drawn from that.
    """
    return torch.Generator().manual_seed(derived_seed("latephase curvature", seed))


def measuring(data: Data):
    """The function that measures a snapshot, on the training set or a part of it."""
    inputs, labels = data.train_inputs, data.train_labels
    if len(inputs) > SAMPLES:
        order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(0))
        chosen = order[:SAMPLES].sort().values.to(inputs.device)
        inputs, labels = inputs[chosen], labels[chosen]

    def measure(snapshot: Snapshot) -> dict[str, float]:
        return curvature_metrics(
            snapshot.model,
            snapshot.parameters,
            inputs,
            labels,
            parts.load("loss", snapshot.spec["loss"]["name"]).per_sample,
            generator_of(snapshot.spec["seed"]),
        )

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.curvature", measuring)
