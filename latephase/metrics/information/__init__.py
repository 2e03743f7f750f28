"""The family that measures every checkpoint. It is cheap, and uses one set of samples.

There is no true value: a deterministic network with continuous inputs has I(X; Z) = ∞. So there are
three kinds of numbers. Each has its parameter in the column's name:

- normalised HSIC (:mod:`latephase.metrics.information.nhsic`) measures the geometry of kernels; its
  parameter is the batch size;
- information of the representation with noise
  (:mod:`latephase.metrics.information.kolchinsky_tracey`) or in bins
  (:mod:`latephase.metrics.information.binning`), in nats; the parameter is the variance of the
  noise or the width of the bins;
- bounds by the variance within classes (:mod:`latephase.metrics.information.redundancy`).

The size of the representation and the entropy of its spectrum are here too
(:mod:`latephase.metrics.information.spectrum`). They are not estimates of information.

Nearest neighbours after a learned compression are expensive. They are a family of their own:
:mod:`latephase.metrics.mutual_information`.

In the limit of exact collapse, all samples of a class coincide and the K points differ. Then every
estimator of I(X; T) and I(Y; T) gives H(Y), unless its noise or its bins hide the classes. Those of
I(X; T|Y) give 0, and the centred nHSIC(Z; Y) gives K − 1. If all samples coincide, all give 0.
"""

from latephase.metrics.information import columns

EVERY_RUN = True
"""Whether it is measured on every run, or only if a study names it under ``metrics``."""
COLUMNS = (
    *columns.NHSIC,
    *columns.KOLCHINSKY_TRACEY,
    *columns.BINNING,
    *columns.REDUNDANCY,
    *columns.SPECTRUM,
)
"""The columns of its data."""
