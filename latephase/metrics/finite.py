"""Whether a representation is finite. A run that diverged has NaN in every column."""

from torch import Tensor


def all_finite(values: Tensor) -> bool:
    """Whether no entry is NaN or infinite."""
    # aminmax is NaN if any entry is NaN. It is faster than isfinite().all().
    return all(bool(extreme.isfinite()) for extreme in values.aminmax())
