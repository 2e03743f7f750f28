"""What an explorer says."""

import json

from tests.rules.targets.asking import SCALE, wildcards


def test_an_explorer_knows_what_tells_runs_apart(shipped):
    study = wildcards(study="flatness_unplugged", scale=SCALE)
    labels = shipped.explorers.labels(study)
    assert {"arm", "seed", "optimizer.lr", "regularizer.name"} <= {*labels}
    assert len(labels) == len({*labels})
    assert "scale quick" in json.loads(shipped.explorers.about(study))["note"]
