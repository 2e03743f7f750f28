"""Data sets, from their sources to the arrays that a training reads.

:mod:`latephase.datasets.prepare` makes ``results/data/<dataset>.safetensors``, and
:mod:`latephase.datasets.stored` reads it. :mod:`latephase.datasets.kinds` has a module for each
kind of source. None of them is imported here, so a training does not depend on how sources are
read.
"""

from pathlib import Path
from typing import Any, NamedTuple


class Places(NamedTuple):
    """Where raw files are, and how many threads may read them.

    The files are in a mirror of downloads, in a cache of downloads, or they are the user's own: an
    .npz file, a folder of images, or files of texts
    (:func:`latephase.datasets.kinds.text.entry_of`).
    """

    mirror: Path | None = None
    cache: Path | None = None
    npz: Path | None = None
    folder: Path | None = None
    texts: dict[str, Any] | None = None
    threads: int = 1
