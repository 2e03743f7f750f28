"""Data sets, from their sources to the arrays a training reads.

:mod:`latephase.datasets.prepare` makes ``results/data/<dataset>.safetensors`` and
:mod:`latephase.datasets.stored` reads it. The module of a set's kind (``digits.py``, ``idx.py``,
``npz.py``) reads its raw files: ``read(name, entry, places)`` returns the arrays and what is known
of them. None is imported here, so that a training does not depend on the readers.
"""

from pathlib import Path
from typing import NamedTuple


class Places(NamedTuple):
    """Where raw files are: a mirror of downloads, a cache of them, a user's own file or folder.

    And how many threads may read them.
    """

    mirror: Path | None = None
    cache: Path | None = None
    npz: Path | None = None
    folder: Path | None = None
    threads: int = 1
