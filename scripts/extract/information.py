"""Measure information in the representation of every run of a pack at every checkpoint.

    python -m scripts.extract.information --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/information.parquet

It is measured on the test set, as in sakamoto2026, and on the same batches and samples for every
run and step. If the test set is smaller than one batch, nHSIC is NaN.
"""

import torch

from latephase.datasets.stored import Data
from latephase.errors import reporting
from latephase.metrics.information import family
from scripts import extracting

SEED = 0
"""The seed of the shuffles that make the batches, and of the samples measured in pairs."""


def measuring(data: Data):
    """The function that measures a snapshot. Kernels of inputs and labels are computed once."""
    generator = torch.Generator().manual_seed(SEED)
    samples = family.prepare(data.test_inputs, data.test_labels, data.classes, generator)
    return lambda snapshot: family.measure(snapshot.features("test"), samples)


if __name__ == "__main__":
    with reporting():
        extracting.main(__doc__, "scripts.extract.information", measuring)
