"""Every column of the family that is measured at each checkpoint: cheap, on one set of samples.

Three kinds of number, each with its knob in the column's name, for want of a true one: a
deterministic network with continuous inputs has I(X; Z) = ∞.

- normalised HSIC (:mod:`latephase.metrics.nhsic`): geometry of kernels, knob the batch size;
- information of the representation with noise (:mod:`latephase.metrics.kolchinsky_tracey`) or in
  bins (:mod:`latephase.metrics.binning`), in nats, knob the noise's variance or the bins' width;
- bounds by the variance within classes (:mod:`latephase.metrics.redundancy`).

What is dear, nearest neighbours behind a learned compression, is a family of its own:
:mod:`latephase.metrics.mutual_information`.

In the limit of exact collapse, where all samples of a class fall on one point and the K points
differ, H(Y) is what every estimator of I(X; T) and I(Y; T) gives that has not lost the classes to
its noise or bins, and 0 what those of I(X; T|Y) give; nHSIC(Z; Y) gives K − 1 when centred. If all
samples fall on one point, all give 0.
"""

import math
from dataclasses import dataclass

from torch import Generator, Tensor

from latephase.metrics import binning, kolchinsky_tracey, nhsic, redundancy

COLUMNS = (*nhsic.COLUMNS, *kolchinsky_tracey.COLUMNS, *binning.COLUMNS, *redundancy.COLUMNS)


@dataclass(frozen=True)
class Samples:
    """A set of samples, and what of their measures does not depend on the representation."""

    labels: Tensor  # [N]
    batches: nhsic.NhsicBatches | None  # None: fewer samples than a batch, nHSIC is NaN
    kt_rows: Tensor  # [n], the samples that the bounds of Kolchinsky and Tracey are of


def information_metrics(
    representation: Tensor, inputs: Tensor, labels: Tensor, classes: int, generator: Generator
) -> dict[str, float]:
    """All columns in one step; for several representations of the same inputs see :func:`measure`.

    Args: representation [N, d]; inputs [N, ...], as the network sees them (the kernel width of
    nHSIC is absolute: 0..255 is not 0..1); labels [N]; classes K; generator, on the CPU, of the
    batches and of the samples that are measured. Raises ValueError for less than one batch.
    """
    if len(labels) < nhsic.BATCH_SIZE:
        raise ValueError(f"{len(labels)} samples do not fill a batch of {nhsic.BATCH_SIZE}")
    return measure(representation, prepare(inputs, labels, classes, generator))


def prepare(inputs: Tensor, labels: Tensor, classes: int, generator: Generator) -> Samples:
    """What :func:`measure` needs of the samples; arguments as of :func:`information_metrics`."""
    batches = None
    if len(labels) >= nhsic.BATCH_SIZE:
        batches = nhsic.nhsic_batches(inputs, labels, classes, generator)
    rows = kolchinsky_tracey.kt_samples(len(labels), generator).to(labels.device)
    return Samples(labels, batches, rows)


def measure(representation: Tensor, samples: Samples) -> dict[str, float]:
    """Every column, of a representation [N, d] of the samples; all NaN if it is not finite.

    Those of nHSIC are NaN if the samples do not fill a batch.
    """
    labels = samples.labels
    metrics = dict.fromkeys(nhsic.COLUMNS, math.nan)
    if samples.batches is not None:
        metrics |= nhsic.nhsic(representation, samples.batches)
    metrics |= kolchinsky_tracey.kt_information(representation, labels, samples.kt_rows)
    metrics |= binning.binned_information(representation, labels)
    return metrics | redundancy.redundancy_bounds(representation, labels)
