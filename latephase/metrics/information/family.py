"""Every column of the family `information`, on one set of samples."""

import math
from dataclasses import dataclass

from torch import Generator, Tensor

from latephase.metrics.information import (
    binning,
    columns,
    kolchinsky_tracey,
    nhsic,
    redundancy,
    spectrum,
)


@dataclass(frozen=True)
class Samples:
    """A set of samples, and the parts of measures that do not depend on the representation."""

    labels: Tensor  # [N]
    batches: nhsic.NhsicBatches | None  # None: fewer samples than a batch, nHSIC is NaN
    kt_rows: Tensor  # [n], the samples that the bounds of Kolchinsky and Tracey are of


def information_metrics(
    representation: Tensor, inputs: Tensor, labels: Tensor, classes: int, generator: Generator
) -> dict[str, float]:
    """All columns in one step. For several representations of the same inputs see :func:`measure`.

    Args: representation [N, d]; inputs [N, ...], as the network gets them (the kernel width of
    nHSIC is absolute: 0..255 is not 0..1); labels [N]; classes K; generator, on the CPU, for the
    batches and for the samples that are measured. Raises ValueError if there are fewer samples than
    a batch.
    """
    if len(labels) < nhsic.BATCH_SIZE:
        raise ValueError(f"{len(labels)} samples do not fill a batch of {nhsic.BATCH_SIZE}")
    return measure(representation, prepare(inputs, labels, classes, generator))


def prepare(inputs: Tensor, labels: Tensor, classes: int, generator: Generator) -> Samples:
    """What :func:`measure` needs from the samples. Arguments as in :func:`information_metrics`."""
    batches = None
    if len(labels) >= nhsic.BATCH_SIZE:
        batches = nhsic.nhsic_batches(inputs, labels, classes, generator)
    rows = kolchinsky_tracey.kt_samples(len(labels), generator).to(labels.device)
    return Samples(labels, batches, rows)


def measure(representation: Tensor, samples: Samples) -> dict[str, float]:
    """Every column, for a representation [N, d] of the samples; all NaN if it is not finite.

    The columns of nHSIC are NaN if there are fewer samples than a batch.
    """
    labels = samples.labels
    metrics = dict.fromkeys(columns.NHSIC, math.nan)
    if samples.batches is not None:
        metrics |= nhsic.nhsic(representation, samples.batches)
    metrics |= kolchinsky_tracey.kt_information(representation, labels, samples.kt_rows)
    metrics |= binning.binned_information(representation, labels)
    metrics |= redundancy.redundancy_bounds(representation, labels)
    return metrics | spectrum.spread_metrics(representation)
