"""What margins are measured on."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from latephase.errors import UserError
from rules.targets.files import Files
from rules.targets.margins import Margins
from rules.targets.studies import Studies
from rules.targets.weights import Weights
from tests.rules.targets.asking import SCALE, STUDY, wildcards


def test_margins_are_of_the_packs_that_hold_their_runs(shipped):
    study = wildcards(study=STUDY, scale=SCALE)
    every = {f"results/packs/{pack}" for pack in shipped.studies.packs(study)}
    assert set(shipped.margins.packs(study)) < every
    assert shipped.margins.data(study) == "results/data/digits.safetensors"


def of_model(shipped, study, scale):
    """The margins of a run of a shipped study, whose model needs a library."""
    setting = shipped.catalog.setting(study, scale)
    setting = setting | {"margins": {"runs": {}, "steps": [1], "pairs": [[0, 1]]}}
    catalog = SimpleNamespace(
        setting=lambda *asked: setting,
        weights=shipped.catalog.weights,
        config=shipped.catalog.config,
    )
    files = Files("results", Path())
    made = Margins(catalog, files, Studies(catalog, files), Weights(catalog))
    return made, wildcards(study=study, scale=scale)


def test_margins_are_measured_where_the_model_can_be_made(shipped):
    plain = wildcards(study=STUDY, scale=SCALE)
    assert (shipped.margins.library(plain), shipped.margins.stage(plain)) == ("", "train")
    assert shipped.margins.weights(plain) == []
    vit, asked = of_model(shipped, "flatness_regularized_vit", "paper")
    assert (vit.library(asked), vit.stage(asked)) == ("timm", "train-timm")
    assert vit.weights(asked) == []
    bert, asked = of_model(shipped, "flatness_regularized_bert", "paper")
    assert bert.stage(asked) == "train-transformers"
    with pytest.raises(UserError, match=r"weights\.tinybert is missing"):
        bert.weights(asked)
