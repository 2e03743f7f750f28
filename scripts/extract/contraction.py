"""Measure contraction within classes, and the bounds that follow from it, at every checkpoint.

    python -m scripts.extract.contraction --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/contraction.parquet

It is measured on the test set, with the same random draws for every run and step.
"""

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.contraction.family import contraction_metrics, shares_drawn
from scripts import extracting

SEED = 0
"""The seed of the draws."""


def measuring(data: Data):
    """The function that measures a snapshot on a data set."""
    labels = data.test_labels
    drawn = shares_drawn(labels, torch.Generator().manual_seed(SEED))

    def measure(snapshot: Snapshot) -> dict[str, float]:
        features = snapshot.features("test")
        return contraction_metrics(features, labels, snapshot.weight, snapshot.bias, drawn)

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.contraction", measuring)
