"""Measure how representative the training set is, for every run of a pack at every checkpoint.

    python -m scripts.extract.representativeness --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/representativeness.parquet

The random draws are the same for every run and step.
"""

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.representativeness.family import representativeness_metrics
from scripts import extracting

SEED = 0
"""The seed of the draws."""


def measuring(data: Data):
    """The function that measures a snapshot, on the training and the test set."""

    def samples(snapshot: Snapshot, split: str):
        labels = getattr(data, f"{split}_labels")
        return snapshot.features(split), snapshot.logits(split), labels

    def measure(snapshot: Snapshot) -> dict[str, float]:
        return representativeness_metrics(
            samples(snapshot, "train"),
            samples(snapshot, "test"),
            snapshot.weight,
            snapshot.spec["loss"]["name"],
            torch.Generator().manual_seed(SEED),
        )

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.representativeness", measuring)
