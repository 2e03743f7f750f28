"""What the papers say of the onsets, on made-up verdicts."""

import pytest

from latephase.analysis import onset_claims
from latephase.analysis.lead_lag import MEASURES


def test_what_is_said_is_about_measures_that_are_analysed():
    known = {measure.column for measure in MEASURES}
    assert known >= {*onset_claims.SAID, *onset_claims.DEFINITIONS}
    assert onset_claims.said("cdnv") == "han2025: memorisation"
    assert onset_claims.said("nc2_etf") == ""


def test_studies_are_told_by_whether_they_agree_with_the_paper():
    found = {"a": "generalisation", "b": "after both", "c": "undecided", "d": "drifts"}
    assert onset_claims.agreement("rnc1", found) == "as said: a; not as said: b; undecided: c, d"
    exchanged = found | {"a": "memorisation", "b": "generalisation"}
    assert onset_claims.agreement("rnc1", exchanged).startswith("as said: b; not as said: a")
    assert onset_claims.agreement("nc2_etf", found) == ""


@pytest.mark.parametrize(
    ("of_rnc1", "told"),
    [("memorisation", "the same: a"), ("after both", "another: a"), ("undecided", "undecided: a")],
)
def test_the_definition_decides_if_two_of_the_same_thing_differ(of_rnc1, told):
    found = {"cdnv": {"a": "memorisation"}, "rnc1": {"a": of_rnc1}}
    assert onset_claims.definition("cdnv", found) == told
    assert onset_claims.definition("rnc1", found) == told


def test_a_definition_that_was_not_measured_is_not_compared():
    assert onset_claims.definition("cdnv", {"cdnv": {"a": "memorisation"}}) == ""
