"""The shipped catalog's targets, and what they are asked with."""

from pathlib import Path
from types import SimpleNamespace

import yaml

from latephase.catalog import load
from rules.targets import Targets

ROOT = Path(__file__).parents[3]
STUDY, SCALE = "weight_decay_mlp", "quick"


def wildcards(**names):
    return SimpleNamespace(**names)


def targets(**changes):
    """The targets under the shipped configuration, with changes to it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    return Targets(load.load(ROOT, config | changes), ROOT)


def of_model(shipped, name):
    """A pack of a model."""
    return wildcards(pack=next(pack for pack in shipped.catalog.packs if f"-{name}-" in pack))
