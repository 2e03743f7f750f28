"""Measure relative flatness in the way that han2025's released code does, at every checkpoint.

    python -m scripts.extract.flatness_as_released --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors \
        --output results/packs/P/flatness_as_released.parquet
"""

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.flatness_as_released.family import released_metrics
from scripts import extracting


def measuring(data: Data):
    """The function that measures a snapshot, on the training set."""

    def measure(snapshot: Snapshot) -> dict[str, float]:
        return released_metrics(
            snapshot.features("train"),
            snapshot.logits("train"),
            snapshot.weight,
            snapshot.features_of_places("train"),
        )

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.flatness_as_released", measuring)
