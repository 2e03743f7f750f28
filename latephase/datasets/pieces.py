"""An array that is too large to hold, made piece by piece while it is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pieces:
    """An array [N, …] that a file will hold; ``make`` yields it in pieces along its first axis."""

    shape: tuple[int, ...]
    dtype: np.dtype
    make: Callable[[], Iterator[np.ndarray]]

    def __len__(self) -> int:
        return self.shape[0]


def pieces_of(array: "np.ndarray | Pieces") -> Iterator[np.ndarray]:
    """An array's pieces: one, if it is held."""
    return array.make() if isinstance(array, Pieces) else iter([array])
