"""What the data of a study are gathered from. Wildcards: ``study``, ``scale``."""

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
        """The families and metrics that a study's runs have."""
        return families.measured(self.catalog.setting(wildcards.study, wildcards.scale))

    def packs(self, wildcards) -> list[str]:
        """The packs that hold a study's runs, and those from which these fork, which are their
        past.
        """
        packs = self.catalog.packs_of(wildcards.study, wildcards.scale)
        parents = [parent for pack in packs for parent in self.catalog.parents_of(pack)]
        return list(dict.fromkeys([*packs, *parents]))

    def histories(self, wildcards) -> list[str]:
        """The losses and accuracies of these packs."""
        return self._of_packs(["history"], wildcards)

    def measurements(self, wildcards) -> list[str]:
        """What each family measured on them."""
        return self._of_packs(self.families(wildcards), wildcards)

    def _of_packs(self, names: list[str], wildcards) -> list[str]:
        packs = self.packs(wildcards)
        return [self.files.pack(pack, f"{name}.parquet") for name in names for pack in packs]

    def runs(self, wildcards) -> str:
        """What decides which runs a study has, without its title, metrics and margins."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        about = {*grid.NOT_OF_A_RUN} - {"arm", "grid", "grids"}
        return spec.canonical({key: value for key, value in setting.items() if key not in about})

    def planned(self, wildcards) -> str:
        """A digest of the rows of a study's runs, as the job makes them from its arguments."""
        return spec.digest(grid.table(json.loads(self.runs(wildcards)), ALWAYS))
