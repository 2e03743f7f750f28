"""Information measures of the representation, of every run of a pack at every checkpoint.

    python -m scripts.extract.information --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/information.parquet

On the test set, as sakamoto2026 does. Every run and step is measured on the same batches and
samples. A test set smaller than one batch has no nHSIC: NaN.
"""

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.metrics.information import family
from scripts import extracting

SEED = 0
"""Of the shuffles that make the batches, and of the samples that are measured in pairs."""


def measuring(data: Data):
    """What measures a snapshot; the kernels of inputs and labels are computed once."""
    generator = torch.Generator().manual_seed(SEED)
    samples = family.prepare(data.test_inputs, data.test_labels, data.classes, generator)
    return lambda snapshot: family.measure(snapshot.features("test"), samples)


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.information", measuring)
