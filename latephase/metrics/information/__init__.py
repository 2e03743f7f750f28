"""Every column of the family that is measured at each checkpoint: cheap, on one set of samples.

Three kinds of number, each with its knob in the column's name, for want of a true one: a
deterministic network with continuous inputs has I(X; Z) = ∞.

- normalised HSIC (:mod:`latephase.metrics.information.nhsic`): geometry of kernels, knob the batch
  size;
- information of the representation with noise
  (:mod:`latephase.metrics.information.kolchinsky_tracey`) or in bins
  (:mod:`latephase.metrics.information.binning`), in nats, knob the noise's variance or the bins'
  width;
- bounds by the variance within classes (:mod:`latephase.metrics.information.redundancy`).

What is dear, nearest neighbours behind a learned compression, is a family of its own:
:mod:`latephase.metrics.mutual_information`.

In the limit of exact collapse, where all samples of a class fall on one point and the K points
differ, H(Y) is what every estimator of I(X; T) and I(Y; T) gives that has not lost the classes to
its noise or bins, and 0 what those of I(X; T|Y) give; nHSIC(Z; Y) gives K − 1 when centred. If all
samples fall on one point, all give 0.
"""

from latephase.metrics.information import columns

EVERY_RUN = True
"""Whether it is measured on every run, or where a study names it under ``metrics``."""
COLUMNS = (*columns.NHSIC, *columns.KOLCHINSKY_TRACEY, *columns.BINNING, *columns.REDUNDANCY)
"""The columns of its data."""
