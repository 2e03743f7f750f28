"""What the explorer of a study shows in addition to its data. Wildcards: ``study``, ``scale``."""

from latephase.catalog.entries import Catalog
from latephase.runs import grid, spec
from latephase.runs.columns import ALWAYS, ARM
from rules.targets.notes import Notes


class Explorers:
    """The explorers of a catalog's studies."""

    def __init__(self, catalog: Catalog, notes: Notes):
        self.catalog, self.notes = catalog, notes

    def about(self, wildcards) -> str:
        """The study's title, its question and what was run, as JSON."""
        study = self.catalog.studies[wildcards.study]
        about = {key: study[key] for key in ("title", "question")}
        return spec.canonical(about | {"note": self.notes.of(wildcards.scale, wildcards.study)})

    def labels(self, wildcards) -> list[str]:
        """The columns that tell a study's runs apart, if its data have them."""
        axes = grid.axes(self.catalog.setting(wildcards.study, wildcards.scale))
        return list(dict.fromkeys([ARM, *axes, *ALWAYS]))
