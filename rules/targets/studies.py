"""Inputs and params for gathering the data of a study. Wildcards: ``study``, ``scale``."""

import json

from latephase.catalog.entries import Catalog
from latephase.metrics import families
from latephase.runs import grid, spec
from latephase.runs.columns import ALWAYS
from rules.targets.files import Files


class Studies:
    """The studies of a catalog."""

    def __init__(self, catalog: Catalog, files: Files):
        self.catalog, self.files = catalog, files

    def families(self, wildcards) -> list[str]:
        """The families and metrics that are measured on a study's runs."""
        return families.measured(self.catalog.setting(wildcards.study, wildcards.scale))

    def packs(self, wildcards) -> list[str]:
        """The packs that hold a study's runs. Packs from which these fork come after them."""
        packs = self.catalog.packs_of(wildcards.study, wildcards.scale)
        parents = [parent for pack in packs for parent in self.catalog.parents_of(pack)]
        return list(dict.fromkeys([*packs, *parents]))

    def histories(self, wildcards) -> list[str]:
        """The histories of these packs: losses and accuracies."""
        return self._of_packs(["history"], wildcards)

    def measurements(self, wildcards) -> list[str]:
        """What each family measured on these packs."""
        return self._of_packs(self.families(wildcards), wildcards)

    def _of_packs(self, names: list[str], wildcards) -> list[str]:
        packs = self.packs(wildcards)
        return [self.files.pack(pack, f"{name}.parquet") for name in names for pack in packs]

    def runs(self, wildcards) -> str:
        """The part of a study's setting that decides which runs it has, as JSON."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        about = {*grid.NOT_OF_A_RUN} - {"arm", "grid", "grids"}
        return spec.canonical({key: value for key, value in setting.items() if key not in about})

    def planned(self, wildcards) -> str:
        """A digest of the rows of a study's runs, which the job makes again from its arguments."""
        return spec.digest(grid.table(json.loads(self.runs(wildcards)), ALWAYS))
