"""What a pack is trained or converted from. Wildcards: ``pack``."""

from typing import Any

from latephase.catalog.entries import Catalog
from latephase.runs import declared, parts
from rules.targets.code import Code
from rules.targets.environments import Environments, stage
from rules.targets.files import Files


class Packs:
    """The packs of a catalog: those trained here, and those of other code's checkpoints."""

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
        """A file or folder of each of the packs from which a pack's runs fork."""
        return [self.files.pack(pack, file) for pack in self.catalog.parents_of(wildcards.pack)]

    def code(self, program: str, wildcards) -> str:
        """A program, with the parts of the pack at hand."""
        return self._code.digest(program, *parts.modules(self.spec(wildcards)["common"]))

    def library(self, wildcards) -> str:
        """The optional library that a pack's model is made with; of most nothing."""
        return declared.library(self.spec(wildcards)["common"]["model"]["name"])

    def stage(self, wildcards) -> str:
        """The environment of what computes with a pack's model, but for the device."""
        return stage(self.library(wildcards))

    def software(self, wildcards) -> str:
        """What :meth:`Environments.software` says of that environment."""
        return self.environments.software(self.stage(wildcards))

    def train_minutes(self, wildcards, attempt: int) -> int:
        """A training's time limit in minutes: twice what its configured speed gives, and the
        start.
        """
        return attempt * (10 + 2 * self.catalog.minutes(wildcards.pack))
