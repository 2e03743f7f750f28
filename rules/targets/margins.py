"""Inputs and params for the margins of a study. Wildcards: ``study``, ``scale``."""

import json
from typing import Any

from latephase.catalog.entries import Catalog
from latephase.runs import declared, grid, spec
from latephase.runs.spec import Spec
from rules.targets.environments import stage
from rules.targets.files import Files
from rules.targets.studies import Studies
from rules.targets.weights import Weights


class Margins:
    """The margins that studies ask for."""

    def __init__(self, catalog: Catalog, files: Files, studies: Studies, weights: Weights):
        self.catalog, self.files, self.studies = catalog, files, studies
        self._weights = weights

    def wanted(self, wildcards) -> dict[str, Any]:
        """The margins that a study asks for."""
        return self.catalog.setting(wildcards.study, wildcards.scale)["margins"]

    def planned(self, wildcards) -> str:
        """A digest of the rows of these runs, which the job makes again from its arguments."""
        setting = json.loads(self.studies.runs(wildcards))
        return spec.digest(grid.table(setting, only=self.wanted(wildcards)["runs"]))

    def data(self, wildcards) -> str:
        """The data set of the runs that have margins."""
        return self.files.data(self._run(wildcards)["data"]["name"])

    def packs(self, wildcards) -> list[str]:
        """The folders of the packs that hold these runs."""
        study, scale = wildcards.study, wildcards.scale
        packs = self.catalog.packs_holding(study, scale, self.wanted(wildcards)["runs"])
        return [self.files.pack(pack) for pack in packs]

    def weights(self, wildcards) -> list[str]:
        """The file of the weights that the model of these runs begins with. Most models have none.

        Raises UserError if the configuration does not name the weights.
        """
        return self._weights.of_model(self._run(wildcards)["model"])

    def library(self, wildcards) -> str:
        """The optional library that the model of these runs needs. Most models need none."""
        return declared.library(self._run(wildcards)["model"]["name"])

    def stage(self, wildcards) -> str:
        """The environment for programs that compute with that model."""
        return stage(self.library(wildcards))

    def _run(self, wildcards) -> Spec:
        """One of these runs. All of them have the same data set and the same model."""
        setting = self.catalog.setting(wildcards.study, wildcards.scale)
        return grid.specs(setting, setting["margins"]["runs"])[0]
