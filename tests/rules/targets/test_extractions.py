"""How a family is measured."""

from types import SimpleNamespace

import pytest

from latephase.errors import UserError
from latephase.metrics import families
from latephase.metrics.families import FAMILIES
from latephase.runs import spec
from tests.rules.targets.asking import SCALE, STUDY, targets, wildcards


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_measured_by_its_program(shipped, pack, family):
    asked = wildcards(pack=pack.pack, family=family)
    assert shipped.extractions.program(asked) == f"extract.{family}"
    assert shipped.extractions.inputs(asked) == {}
    assert shipped.extractions.options(asked, {}) == []


def test_a_family_s_further_input_is_what_it_declares(shipped, pack):
    asked = wildcards(pack=pack.pack, family="mutual_information")
    entry = shipped.packs.spec(pack)["common"]["data"]
    file = f"results/data/digits-{spec.digest(entry)}.encoding.safetensors"
    assert shipped.extractions.inputs(asked) == {"inputs_encoding": file}
    assert shipped.extractions.options(asked, {"inputs_encoding": "elsewhere"}) == [
        "--inputs-encoding=elsewhere"
    ]


def test_a_metric_of_the_user_s_is_measured_by_the_program_of_all_such(shipped, pack):
    asked = wildcards(pack=pack.pack, family="sparsity")
    assert shipped.extractions.program(asked) == "extract.own"
    assert shipped.extractions.options(asked, {}) == ["--metric=sparsity"]


def test_families_have_codes_of_their_own(shipped, pack):
    asked = [wildcards(pack=pack.pack, family=family) for family in FAMILIES]
    assert len({shipped.extractions.code(each) for each in asked}) == len(FAMILIES)


def test_a_family_s_inputs_are_declared_in_one_place(monkeypatch):
    """Another family with the same input is given it; an input that no rule makes is refused."""
    further = SimpleNamespace(EVERY_RUN=True, INPUTS=("inputs_encoding",), COLUMNS=("x",))
    monkeypatch.setitem(families.DECLARED, "further", further)
    monkeypatch.setattr(families, "FAMILIES", (*families.FAMILIES, "further"))
    found = targets()
    asked = wildcards(pack=found.catalog.packs_of(STUDY, SCALE)[0], family="further")
    file = found.extractions.inputs(asked)["inputs_encoding"]
    assert file.removesuffix(".encoding.safetensors")[-12:] in found.extractions.encoded_data
    further.INPUTS = ("more",)
    with pytest.raises(UserError, match=r"further/__init__\.py: INPUTS names 'more'; allowed: inp"):
        targets()
