"""Measure neural collapse of every run of a pack at every checkpoint: all variants of NC1 to NC4.

    python -m scripts.extract.collapse --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/collapse.parquet
"""

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.collapse.family import Metrics, train_test_collapse_metrics
from scripts import extracting


def measuring(data: Data):
    """The function that measures a snapshot on a data set."""

    def measure(snapshot: Snapshot) -> Metrics:
        return train_test_collapse_metrics(
            (snapshot.features("train"), data.train_labels),
            (snapshot.features("test"), data.test_labels),
            snapshot.weight,
            snapshot.bias,
        )

    return measure


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.collapse", measuring)
