"""The weights that models begin with."""

import pytest

from latephase.errors import UserError
from tests.rules.targets.asking import of_model, wildcards


def test_weights_are_the_user_s_to_name(shipped, pack):
    assert shipped.weights.of_pack(pack) == []
    assert shipped.weights.of_pack(of_model(shipped, "timm_vit")) == []
    with pytest.raises(UserError, match=r"weights\.tinybert is missing: .*docs/pretrained\.md"):
        shipped.weights.of_pack(of_model(shipped, "bert"))
    with pytest.raises(UserError, match="weights names none that hold sha256:0000"):
        shipped.weights.source(wildcards(weights="0" * 64))
