"""Notes, which say in one line what was run."""

import functools

from latephase.catalog.entries import Catalog


class Notes:
    """The notes on a catalog's studies."""

    def __init__(self, catalog: Catalog):
        self.catalog = catalog

    @functools.cache  # noqa: B019 (one object for each workflow; many figures show the same studies)
    def of(self, scale: str, *studies: str) -> str:
        """What was run for these studies at a scale."""
        return self.catalog.note(studies, scale)
