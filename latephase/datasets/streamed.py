"""Inputs that are too large for the memory. Rows are read from the file when they are needed."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot


class Streamed:
    """Inputs [N, …] that stay in their file, with the needed part of a tensor's interface.

    Rows have the device and the type that :meth:`to` sets. A row has the same numbers as in a set
    that is held in memory.
    """

    def __init__(
        self,
        stored: np.ndarray,
        standardise: Callable[[Tensor], Tensor],
        shape: list[int],
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ):
        self.stored, self.standardise = stored, standardise
        self.shape = torch.Size([len(stored), *shape])
        self.device, self.dtype = torch.device(device), dtype

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def to(self, device: str | torch.device, dtype: torch.dtype | None = None) -> "Streamed":
        """The same inputs for another device and another type."""
        return Streamed(self.stored, self.standardise, self.shape[1:], device, dtype or self.dtype)

    def __getitem__(self, rows: slice | Tensor) -> Tensor:
        """Some rows [n, C, H, W], by a slice or by their indices."""
        # The CPU reads the file, so the indices must be there.
        chosen = rows if isinstance(rows, slice) else rows.cpu().numpy()
        # This copies only these rows into memory: a slice of the file is still the file.
        found = torch.from_numpy(np.array(self.stored[chosen]))
        # Moved before it is converted, so that one byte per value is sent to the device, not four.
        return self.standardise(found.to(self.device)).to(self.dtype)

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Rows by their indices [n], as torch's function of this name along axis 0."""
        if dim != 0:
            raise ValueError(f"axis {dim} of inputs that are streamed; allowed: 0")
        return self[index]

    def flatten(self, start: int) -> "Streamed":
        """The same rows, each flattened: [N, C·H·W]."""
        if start != 1:
            raise ValueError(f"axis {start} of inputs that are streamed; allowed: 1")

        def flat(rows: Tensor) -> Tensor:
            return self.standardise(rows).flatten(1)

        return Streamed(self.stored, flat, [self.shape[1:].numel()], self.device, self.dtype)

    def split(self, size: int) -> Iterator[Tensor]:
        """All rows, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield self[start : start + size]


class OneHot:
    """One-hot targets [N, K], made when they are needed. With many classes they are large."""

    def __init__(self, labels: Tensor, classes: int, dtype: torch.dtype):
        self.labels, self.classes, self.dtype = labels, classes, dtype

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Rows by their indices [n] (on any device), as torch's function along axis 0."""
        chosen = self.labels.index_select(dim, index.to(self.labels.device))
        return one_hot(chosen, self.classes).to(self.dtype)
