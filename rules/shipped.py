"""Inputs and params of the rules for shipped data, which come with the repository."""

import dataclasses
from pathlib import Path
from typing import Any

from latephase.catalog import shipped
from latephase.catalog.entries import Catalog
from latephase.runs import spec
from rules.targets import Targets


def planned(targets: Targets, wildcards) -> str:
    """A digest of what the catalog now says about a study's runs and its margins."""
    setting = targets.catalog.setting(wildcards.study, wildcards.scale)
    return spec.digest([targets.studies.planned(wildcards), setting.get("margins")])


class Shipped:
    """The shipped data of a catalog, and what is made again from them to verify them."""

    def __init__(self, catalog: Catalog, root: Path):
        self.manifest = catalog.shipped
        self.folder = f"{catalog.config['results']}/verified"
        config = catalog.config | {"data": "shipped", "figures": "all", "results": self.folder}
        self.again = Targets(dataclasses.replace(catalog, config=config), root)
        """The targets of the verification. Their files are in a folder of their own."""

    def _entry(self, wildcards) -> dict[str, Any]:
        expected = planned(self.again, wildcards)
        return shipped.study(self.manifest, wildcards.study, wildcards.scale, expected)

    def source(self, wildcards) -> str:
        """The file in the repository. Raises UserError if it is missing or holds other runs."""
        self._entry(wildcards)
        file = shipped.file(wildcards.scale, f"{wildcards.study}{wildcards.part}.parquet")
        return self.again.files.here(file)

    def sha256(self, wildcards) -> str:
        """The checksum of that file. Raises UserError if there is none, and as :meth:`source`."""
        files = self._entry(wildcards)["files"]
        return shipped.checksum(files, f"{wildcards.study}{wildcards.part}.parquet")

    def results(self) -> dict[str, str]:
        """For each file that is made again from shipped data, the shipped file."""
        return {
            f"{self.folder}/{scale}/{name}": self.again.files.here(shipped.file(scale, name))
            for scale, names in self.manifest["results"].items()
            for name in names
        }

    def checksums(self) -> list[str]:
        """The checksums of the shipped files of :meth:`results`, in their order."""
        return [sha256 for names in self.manifest["results"].values() for sha256 in names.values()]
