"""Contraction within classes and what it bounds, of every run of a pack at every checkpoint.

    python -m scripts.extract.contraction --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/contraction.parquet

On the test set. Every run and step is measured with the same draws.
"""

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.contraction.family import contraction_metrics, shares_drawn
from scripts import extracting

SEED = 0
"""Of the draws."""


def measuring(data: Data):
    """What measures a snapshot."""
    labels = data.test_labels
    drawn = shares_drawn(labels, torch.Generator().manual_seed(SEED))

    def measure(snapshot: Snapshot) -> dict[str, float]:
        features = snapshot.features("test")
        return contraction_metrics(features, labels, snapshot.weight, snapshot.bias, drawn)

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.contraction", measuring)
