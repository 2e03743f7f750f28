"""What a bundle holds in addition to its figure. Wildcards: ``figure``, ``scale``."""

from latephase.catalog.entries import Catalog
from latephase.errors import UserError
from latephase.runs import spec
from rules.targets.code import Code
from rules.targets.files import Files
from rules.targets.shown import Shown


class Bundles:
    """The bundles of a catalog's figures."""

    def __init__(self, catalog: Catalog, files: Files, code: Code, shown: Shown):
        self.catalog, self.files, self.code, self.shown = catalog, files, code, shown

    def sources(self, wildcards) -> list[str]:
        """The files of the figure's program."""
        return self.code.sources(f"scripts.figures.{self.shown.script(wildcards)}")

    def packs(self, wildcards) -> list[str]:
        """The packs that hold the runs of the figure's studies."""
        studies, scale = self.shown.studies(wildcards), wildcards.scale
        held = [pack for study in studies for pack in self.catalog.packs_of(study, scale)]
        return list(dict.fromkeys(held))

    def timings(self, wildcards) -> list[str]:
        """The files with the times of their trainings. Raises UserError if data=shipped."""
        if self.catalog.from_shipped:
            raise UserError(
                "config: data is shipped, but a bundle must say how its runs were trained; "
                "allowed: data=trained"
            )
        return [self.files.pack(pack, "timing.json") for pack in self.packs(wildcards)]

    def settings(self, wildcards) -> str:
        """The settings of the figure's studies, by their names, as JSON."""
        studies, scale = self.shown.studies(wildcards), wildcards.scale
        return spec.canonical({study: self.catalog.setting(study, scale) for study in studies})
