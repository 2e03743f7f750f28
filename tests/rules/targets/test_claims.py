"""What claims are judged with."""

from tests.rules.targets.asking import SCALE, wildcards

WHOLE, OWN = wildcards(scale=SCALE), wildcards(scale=SCALE, paper="zhao2026")


def test_claims_are_judged_on_the_studies_that_they_name(shipped):
    judged = shipped.claims.judged(WHOLE)
    assert judged == shipped.catalog.chosen_claims(SCALE)
    studies = shipped.claims.studies(WHOLE)
    assert studies == sorted({claim["study"] for claim in judged})
    assert shipped.claims.data(WHOLE) == [f"results/quick/studies/{s}.parquet" for s in studies]


def test_the_claims_of_a_paper_are_judged_by_its_own_code(shipped):
    assert {claim["paper"] for claim in shipped.claims.judged(OWN)} == {"zhao2026"}
    named = ("scripts.evaluate_claims", "latephase.papers.zhao2026.claims")
    assert shipped.claims.code(OWN) == shipped.code.digest(*named) != shipped.claims.code(WHOLE)


def test_what_was_run_is_told_of_every_study(shipped):
    told = shipped.claims.note(OWN).split("; ")
    assert [note.partition(":")[0] for note in told] == shipped.claims.studies(OWN)
