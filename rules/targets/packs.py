"""Inputs and params for the training or conversion of a pack. Wildcards: ``pack``."""

from typing import Any

from latephase.catalog.entries import Catalog
from latephase.runs import declared, parts
from rules.targets.code import Code
from rules.targets.environments import Environments, stage
from rules.targets.files import Files


class Packs:
    """The packs of a catalog: those that are trained here, and those that other code trained."""

    def __init__(self, catalog: Catalog, files: Files, code: Code, environments: Environments):
        self.catalog, self.files = catalog, files
        self._code, self.environments = code, environments

    def spec(self, wildcards) -> dict[str, Any]:
        """The complete description of a pack."""
        return self.catalog.packs[wildcards.pack]

    def data(self, wildcards) -> str:
        """The data set that a pack is trained on."""
        return self.files.data(self.spec(wildcards)["common"]["data"]["name"])

    def parents(self, wildcards, file: str) -> list[str]:
        """A file or folder of each pack from which this pack's runs fork."""
        return [self.files.pack(pack, file) for pack in self.catalog.parents_of(wildcards.pack)]

    def code(self, program: str, wildcards) -> str:
        """A digest of a program, with the parts that the pack names."""
        return self._code.digest(program, *parts.modules(self.spec(wildcards)["common"]))

    def library(self, wildcards) -> str:
        """The optional library that a pack's model needs. Most models need none."""
        return declared.library(self.spec(wildcards)["common"]["model"]["name"])

    def stage(self, wildcards) -> str:
        """The environment for programs that compute with a pack's model, on processors."""
        return stage(self.library(wildcards))

    def software(self, wildcards) -> str:
        """The digest of the software of that environment (:meth:`Environments.software`)."""
        return self.environments.software(self.stage(wildcards))

    def train_minutes(self, wildcards, attempt: int) -> int:
        """A training's time limit in minutes.

        It is twice the time that the configured speed gives, and ten minutes for the start, times
        the number of the attempt.
        """
        return attempt * (10 + 2 * self.catalog.minutes(wildcards.pack))
