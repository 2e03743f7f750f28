"""Measure relative flatness of the last layer of every run of a pack at every checkpoint.

    python -m scripts.extract.flatness --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/flatness.parquet
"""

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.flatness.family import flatness_metrics
from scripts import extracting


def measuring(data: Data):
    """The function that measures a snapshot, on the training set."""

    def measure(snapshot: Snapshot) -> dict[str, float]:
        return flatness_metrics(
            snapshot.features("train"),
            snapshot.logits("train"),
            snapshot.weight,
            snapshot.spec["loss"]["name"],
        )

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.flatness", measuring)
