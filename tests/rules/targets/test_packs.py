"""What a pack is trained from."""

from latephase.runs import spec
from tests.rules.targets.asking import SCALE, STUDY, of_model, wildcards


def test_a_pack_is_trained_on_its_data(shipped, pack):
    assert shipped.packs.data(pack) == "results/data/digits.safetensors"
    assert spec.pack_id(shipped.packs.spec(pack)) == pack.pack


def test_the_code_of_a_training_is_that_of_its_own_parts(shipped, pack):
    """Of two packs of one optimizer it is the same, of another optimizer's it is not."""
    same = wildcards(pack=shipped.catalog.packs_of(STUDY, SCALE)[1])
    other = wildcards(pack=next(name for name in shipped.catalog.packs if "-mlp-sgd-" in name))
    codes = [shipped.packs.code("scripts.train", each) for each in (pack, same, other)]
    assert codes[0] == codes[1] != codes[2]


def test_a_training_s_time_grows_with_its_steps_and_with_each_attempt(shipped, pack):
    minutes = shipped.catalog.minutes(pack.pack)
    assert shipped.packs.train_minutes(pack, 1) == 10 + 2 * minutes
    assert shipped.packs.train_minutes(pack, 3) == 3 * (10 + 2 * minutes)


def test_a_model_with_a_library_has_environments_of_its_own(shipped, pack):
    assert (shipped.packs.library(pack), shipped.packs.stage(pack)) == ("", "train")
    vit, bert = of_model(shipped, "timm_vit"), of_model(shipped, "bert")
    assert (shipped.packs.library(vit), shipped.packs.stage(vit)) == ("timm", "train-timm")
    assert shipped.packs.stage(bert) == "train-transformers"
    told = [shipped.packs.software(each) for each in (pack, vit, bert)]
    assert told[0] == shipped.environments.software("train") and len({*told}) == 3
