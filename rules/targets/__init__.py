"""The inputs and params of jobs, computed from their wildcards.

The rules use the methods of these classes. Nothing here needs Snakemake. Wildcards can be any
object with the attributes that a method reads: ``dataset``, ``pack``, ``family``, ``weights``,
``scale``, ``study``, ``figure``, ``table``, ``paper``.
"""

from pathlib import Path

from latephase.catalog.entries import Catalog
from rules.targets.asked import Asked
from rules.targets.bundles import Bundles
from rules.targets.claims import Claims
from rules.targets.code import Code
from rules.targets.data_sets import DataSets
from rules.targets.environments import Environments
from rules.targets.explorers import Explorers
from rules.targets.extractions import Extractions
from rules.targets.files import Files
from rules.targets.galleries import Galleries
from rules.targets.margins import Margins
from rules.targets.notes import Notes
from rules.targets.packs import Packs
from rules.targets.shown import Shown
from rules.targets.studies import Studies
from rules.targets.weights import Weights


class Targets:
    """All of these classes together, for a catalog in a repository.

    Raises UserError if a family takes an input that no rule makes.
    """

    def __init__(self, catalog: Catalog, root: Path):
        self.catalog = catalog
        files, notes = Files(catalog.config["results"], root), Notes(catalog)
        self.files = files
        self.code, self.environments = Code(root), Environments(root)
        self.asked = Asked(catalog, files)
        self.data_sets = DataSets(catalog, files, self.code)
        self.weights = Weights(catalog)
        self.packs = Packs(catalog, files, self.code, self.environments)
        self.extractions = Extractions(catalog, self.code)
        self.studies = Studies(catalog, files)
        self.margins = Margins(catalog, files, self.studies, self.weights)
        self.explorers = Explorers(catalog, notes)
        self.shown = Shown(catalog, files, self.code, notes)
        self.bundles = Bundles(catalog, files, self.code, self.shown)
        self.claims = Claims(catalog, files, self.code, notes)
        self.galleries = Galleries(catalog, files, self.claims, notes)
