"""nHSIC of the representation with inputs and labels, of every run of a pack at every checkpoint.

    python -m scripts.extract_information --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/information.parquet

On the test set, as sakamoto2026 does. Every run and step is measured on the same batches. A test
set smaller than one batch has no nHSIC: NaN.
"""

import math

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.metrics.information import BATCH_SIZE, COLUMNS, nhsic, nhsic_batches
from scripts import extraction

SEED = 0
"""Of the shuffles that make the batches."""


def measuring(data: Data):
    """What measures a snapshot; the kernels of inputs and labels are computed once."""
    if len(data.test_inputs) < BATCH_SIZE:
        return lambda snapshot: dict.fromkeys(COLUMNS, math.nan)
    generator = torch.Generator().manual_seed(SEED)
    batches = nhsic_batches(data.test_inputs, data.test_labels, data.classes, generator)
    return lambda snapshot: nhsic(snapshot.features("test"), batches)


if __name__ == "__main__":
    with reporting():
        extraction.main(__doc__, measuring)
