"""The weights that models begin with. Wildcards: ``pack``, or ``weights``, the sha256 of a file."""

from typing import Any

from latephase.catalog import weights
from latephase.catalog.entries import Catalog
from latephase.errors import UserError
from latephase.runs.weights import KNOWN, file_of


class Weights:
    """The user's weights, and the files in which the project keeps them."""

    def __init__(self, catalog: Catalog):
        self.catalog = catalog

    def of_pack(self, wildcards) -> list[str]:
        """The file of the weights that a pack's model begins with. Most models have none.

        Raises UserError if the configuration does not name the weights.
        """
        return self.of_model(self.catalog.packs[wildcards.pack]["common"]["model"])

    def of_model(self, model: dict[str, Any]) -> list[str]:
        """The same, for the model in a spec."""
        named = model.get("weights")
        if named is None:
            return []
        if named not in self.catalog.weights:
            weights.folder(self.catalog.config, named)
        return [file_of(named)]

    def source(self, wildcards) -> str:
        """The user's file of the weights that have this sha256.

        Raises UserError if the configuration names no such weights.
        """
        held = f"{KNOWN}{wildcards.weights}"
        if held not in self.catalog.weights:
            line = f"config: weights names none that hold {held}"
            raise UserError(f"{line}; allowed: the folder of those that a study names")
        folder = weights.folder(self.catalog.config, self.catalog.weights[held])
        return str(folder / weights.FILES[1])
