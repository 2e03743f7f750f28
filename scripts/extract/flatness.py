"""Relative flatness of the last layer of every run of a pack at every checkpoint.

    python -m scripts.extract_flatness --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/flatness.parquet
"""

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.metrics.flatness import flatness_metrics
from scripts import extraction


def measuring(data: Data):
    """What measures a snapshot, on the training set."""

    def measure(snapshot: extraction.Snapshot) -> dict[str, float]:
        return flatness_metrics(
            snapshot.features("train"),
            snapshot.logits("train"),
            snapshot.weight,
            snapshot.spec["loss"]["name"],
        )

    return measure


if __name__ == "__main__":
    with reporting():
        extraction.main(__doc__, measuring)
