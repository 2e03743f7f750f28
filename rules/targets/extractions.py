"""How a family of metrics is measured on a pack. Wildcards: ``pack``, ``family``.

A family is one of latephase's families, or a metric of the user's own.
"""

from latephase.catalog.entries import Catalog
from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import parts, spec
from rules.targets.code import Code

INPUT_FILES = {"inputs_encoding": "data/{dataset}-{digest}.encoding.safetensors"}
"""The inputs that a family may take in addition to checkpoints and data, and the files of them."""


class Extractions:
    """The programs that measure, and their inputs and params.

    Raises UserError if a family takes an input that no rule makes.
    """

    def __init__(self, catalog: Catalog, code: Code):
        for family in families.DECLARED:
            for name in families.inputs(family):
                if name not in INPUT_FILES:
                    raise UserError(
                        f"latephase/metrics/{family}/__init__.py: INPUTS names {name!r}; "
                        f"allowed: {', '.join(INPUT_FILES)}, which a rule makes"
                    )
        self.catalog, self._code = catalog, code
        self.encoded_data = catalog.encoded_data()
        """The data whose inputs are encoded, by the digests of their entries."""

    def program(self, wildcards) -> str:
        """The program that measures a family, or a metric of the user's own."""
        known = wildcards.family in families.DECLARED
        return f"extract.{wildcards.family if known else 'own'}"

    def code(self, wildcards) -> str:
        """A digest of that program, the pack's parts, and what computes the family or metric."""
        family = wildcards.family
        room = f"{family}.family" if family in families.DECLARED else f"own.{family}"
        named = [f"scripts.{self.program(wildcards)}", f"latephase.metrics.{room}"]
        common = self.catalog.packs[wildcards.pack]["common"]
        return self._code.digest(*named, *parts.modules(common))

    def inputs(self, wildcards) -> dict[str, str]:
        """A family's inputs in addition to checkpoints and data, by the names that it declares."""
        entry = self.catalog.packs[wildcards.pack]["common"]["data"]
        names = {"dataset": entry["name"], "digest": spec.digest(entry)}
        return {
            name: f"{self.catalog.config['results']}/{INPUT_FILES[name].format(**names)}"
            for name in families.inputs(wildcards.family)
        }

    def options(self, wildcards, input) -> list[str]:
        """The options of the program: the metric's name, or the files of its further inputs."""
        own = [] if wildcards.family in families.DECLARED else [f"--metric={wildcards.family}"]
        further = self.inputs(wildcards)
        return own + [f"--{name.replace('_', '-')}={input[name]}" for name in further]
