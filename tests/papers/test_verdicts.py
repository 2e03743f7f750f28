"""Verdicts as JSON: what the schema says, whatever the numbers are."""

import json
import math

import jsonschema
import pandas as pd
import pytest

from latephase.papers import claim, verdicts
from scripts.evaluate_claims import COLUMNS
from tests.catalog.editing import ROOT

SCHEMA = json.loads((ROOT / "latephase/papers/verdicts.schema.json").read_text())
ROW = dict.fromkeys(COLUMNS, "text") | {
    "scale": "quick",
    "estimate": 0.7,
    "low": 0.5,
    "high": 0.9,
    "n_seeds": 5,
    "n_cells": 3,
    "threshold_low": 0.5,
    "threshold_high": math.inf,
    "verdict": claim.REPRODUCED,
    "controls": "a for b: fails; c exchanged: fails",
}


def told(**changes):
    """The one entry of a document that is as its schema says."""
    document = verdicts.document(pd.DataFrame([ROW | changes]), "quick", "abc")
    jsonschema.validate(json.loads(json.dumps(document, allow_nan=False)), SCHEMA)
    assert (document["scale"], document["commit"]) == ("quick", "abc")
    (entry,) = document["claims"]
    return entry


def test_an_entry_has_what_the_table_has():
    entry = told()
    assert entry["estimate"] == 0.7 and entry["interval"] == {"low": 0.5, "high": 0.9}
    assert entry["threshold"] == {"low": 0.5, "high": "infinity"}
    assert entry["controls"] == ["a for b: fails", "c exchanged: fails"]
    assert (entry["seeds"], entry["cells"]) == (5, 3)


@pytest.mark.parametrize(
    ("value", "written"), [(math.nan, None), (math.inf, "infinity"), (-math.inf, "-infinity")]
)
def test_what_json_has_no_number_for(value, written):
    assert told(high=value)["interval"]["high"] == written


@pytest.mark.parametrize(
    "verdict",
    [claim.REPRODUCED, claim.NOT_REPRODUCED, claim.INCONCLUSIVE, claim.SAYS_LITTLE],
)
def test_every_verdict_is_in_the_schema(verdict):
    assert told(verdict=verdict)["verdict"] == verdict


def test_the_schema_refuses_another_verdict_and_a_missing_key():
    document = verdicts.document(pd.DataFrame([ROW]), "quick", None)
    jsonschema.validate(document, SCHEMA)
    for change in ({"verdict": "maybe"}, {"estimate": "much"}):
        wrong = document | {"claims": [document["claims"][0] | change]}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_no_controls_are_an_empty_list():
    assert told(controls="")["controls"] == []
