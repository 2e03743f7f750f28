"""An array that is too large for the memory, made piece by piece while it is written.

NumPy is not imported, because the Snakefile imports this module through
:mod:`latephase.datasets.kinds`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Pieces:
    """An array [N, …] for a file. ``make`` yields it in pieces along its first axis."""

    shape: tuple[int, ...]
    dtype: "np.dtype"
    make: "Callable[[], Iterator[np.ndarray]]"

    def __len__(self) -> int:
        return self.shape[0]


def pieces_of(array: "np.ndarray | Pieces") -> "Iterator[np.ndarray]":
    """The pieces of an array. An array in memory is one piece."""
    return array.make() if isinstance(array, Pieces) else iter([array])
