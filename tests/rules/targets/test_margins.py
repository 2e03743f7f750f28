"""What margins are measured on."""

from tests.rules.targets.asking import SCALE, STUDY, wildcards


def test_margins_are_of_the_packs_that_hold_their_runs(shipped):
    study = wildcards(study=STUDY, scale=SCALE)
    every = {f"results/packs/{pack}" for pack in shipped.studies.packs(study)}
    assert set(shipped.margins.packs(study)) < every
    assert shipped.margins.data(study) == "results/data/digits.safetensors"
