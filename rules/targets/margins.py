"""What the margins of a study are measured on. Wildcards: ``study``, ``scale``."""

import json
from typing import Any

from latephase.catalog.entries import Catalog
from latephase.runs import grid, spec
from rules.targets.files import Files
from rules.targets.studies import Studies


class Margins:
    """The margins that studies want."""

    def __init__(self, catalog: Catalog, files: Files, studies: Studies):
        self.catalog, self.files, self.studies = catalog, files, studies

    def wanted(self, wildcards) -> dict[str, Any]:
        """The margins that a study wants."""
        return self.catalog.setting(wildcards.study, wildcards.scale)["margins"]

    def planned(self, wildcards) -> str:
        """A digest of the rows of their runs, as the job makes them from its arguments."""
        setting = json.loads(self.studies.runs(wildcards))
        return spec.digest(grid.table(setting, only=self.wanted(wildcards)["runs"]))

    def data(self, wildcards) -> str:
        """The data set of their runs."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        run = grid.specs(setting, setting["margins"]["runs"])[0]
        return self.files.data(run["data"]["name"])

    def packs(self, wildcards) -> list[str]:
        """The folders of the packs that hold their runs."""
        study, scale = wildcards.study, wildcards.scale
        packs = self.catalog.packs_holding(study, scale, self.wanted(wildcards)["runs"])
        return [self.files.pack(pack) for pack in packs]
