"""Measure NC0 and the classifier's singular values of every run of a pack at every checkpoint.

    python -m scripts.extract.nc0 --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/nc0.parquet
"""

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.metrics.nc0.family import nc0_metrics
from scripts import extracting


def measuring(data: Data):
    """The function that measures a snapshot. NC0 needs no data."""
    return lambda snapshot: nc0_metrics(snapshot.weight)


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.nc0", measuring)
