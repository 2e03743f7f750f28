"""Information of a representation cut into bins of equal width.

T_bin = ⌊T / width⌋ for each feature. The bins have no end, because ReLU features have no upper
limit. A network is a function of its input. So with the N samples as the whole population, I(X;
T_bin) = H(T_bin) and I(Y; T_bin) = H(T_bin) − H(T_bin|Y). If all samples fall into different cells,
both saturate: I(X; T_bin) at ln N and I(Y; T_bin) at H(Y). With a hundred features this is usual
until late in training. Scaling the features has the same effect as dividing the width. Shifting
them moves the edges of the bins.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from latephase.metrics.finite import all_finite
from latephase.metrics.information import columns

FEATURES_AT_ONCE = 16
MOST_NUMBERS = 2**62  # an int64 can distinguish more
MOST_BINS = 2**20  # with more bins, numbering only those that occur saves digits


def binned_information(
    representation: Tensor, labels: Tensor, widths: Sequence[float] = columns.BIN_WIDTHS
) -> dict[str, float]:
    """I(X; T_bin) and I(Y; T_bin), in nats, at each bin width.

    Args: representation T [N, d]; labels [N]. Rows of bins are compared directly and not hashed, so
    two cells are never confused. <width> is 0.5 or 0.07. All columns are NaN if the representation
    is not finite.

    Returns:
        binned_x_width_<width>: H(T_bin), T_bin = ⌊T / width⌋
            It equals I(X; T_bin), because a network is deterministic.
            split: test
            bias: not used
            unit: nat
            range: [0, binned_log_n]
            good: none by itself; H(Y) under collapse; saturated at binned_log_n
            source: Saxe 2018; bin_calc_information2 of its code ibsgd
            elsewhere: Shwartz-Ziv 2017 takes 30 bins on [−1, 1], which put all ReLU features above
                1 into one bin; often in bits
        binned_y_width_<width>: H(T_bin) − Σ_y n_y/N H(T_bin|y)
            This is I(Y; T_bin). If binned_x is saturated, it is H(Y) for any labels, even for
            random ones.
            split: test
            bias: not used
            unit: nat
            range: [0, H(Y)]
            good: H(Y)
            source: Saxe 2018; bin_calc_information2 of its code ibsgd
            elsewhere: as for binned_x
        binned_log_n: ln N
            The value at which binned_x saturates.
            split: test
            bias: not used
            unit: nat
            range: [0, ∞)
            good: none: a size
            source: –
            elsewhere: `kt_log_n` has another number of samples
    """
    metrics = {}
    finite = all_finite(representation)
    for width in widths:
        x = y = math.nan
        if finite:
            cells = row_groups(representation, width)
            cells_and_labels = cells * (labels.max() + 1) + labels
            x = _entropy(cells)
            y = x + _entropy(labels) - _entropy(cells_and_labels)
        metrics |= {f"binned_x_width_{width:g}": x, f"binned_y_width_{width:g}": y}
    return metrics | {"binned_log_n": math.log(len(labels)) if finite else math.nan}


def row_groups(rows: Tensor, width: float | None = None) -> Tensor:
    """A number [N] for each of the rows [N, d]: equal for equal rows, and different for others.

    With a width, rows are equal if ⌊rows / width⌋ are equal. The numbers are mixed-radix: features
    are appended as digits while they fit into 62 bits; otherwise the numbers so far are numbered
    anew. Once every row has a number of its own, the remaining features need not be read.
    """
    groups = torch.zeros(len(rows), dtype=torch.int64, device=rows.device)
    limit = 1  # the groups are numbers below it
    for block in rows.split(FEATURES_AT_ONCE, dim=1):
        columns = block.T.contiguous().to(torch.float64)
        if width is not None:
            columns = (columns / width).floor_()
        least, most = (extremes.tolist() for extremes in columns.aminmax(dim=1))
        for values, low, high in zip(columns, least, most, strict=True):
            if low == high:
                continue
            if width is not None and high - low < MOST_BINS:
                digits, base = (values - low).to(torch.int64), int(high - low) + 1
            else:
                digits, base = _numbered(values)
            if limit * base > MOST_NUMBERS:
                groups, limit = _numbered(groups)
                if limit == len(rows):
                    return groups
            groups, limit = groups * base + digits, limit * base
    return _numbered(groups)[0]


def _numbered(values: Tensor) -> tuple[Tensor, int]:
    """The index of each value among the distinct values, and how many of these there are."""
    distinct, numbers = torch.unique(values, return_inverse=True)
    return numbers, len(distinct)


def _entropy(groups: Tensor) -> float:
    """ln N − 1/N Σ n ln n over the sizes n of the groups: exactly 0 for one group, ln N for N."""
    counts = torch.unique(groups, return_counts=True)[1].to(torch.float64)
    return math.log(len(groups)) - float((counts * counts.log()).sum()) / len(groups)
