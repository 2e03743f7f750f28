"""What a metric of the user's own is given: the run's, by the names of the arguments."""

import torch

from latephase.measuring.asked import asked
from latephase.metrics.arguments import MEASURABLE
from tests.training.modules import modules


def test_the_model_is_the_runs_though_the_runs_of_a_pack_share_a_module(normalised):
    for snapshot, (_, module) in zip(
        normalised.snapshots(), modules(normalised.pack, normalised.last[1]), strict=True
    ):
        given, parameters = (asked(name, snapshot) for name in ("model", "parameters"))
        assert set(parameters) == set(dict(module.named_parameters()))
        logits = torch.func.functional_call(given, parameters, (normalised.data.test_inputs,))
        torch.testing.assert_close(logits, module(normalised.data.test_inputs))


def test_every_argument_has_its_value(normalised):
    snapshot, data = normalised.snapshots()[0], normalised.data
    expected = {
        "features": snapshot.features("train"),
        "test_features": snapshot.features("test"),
        "logits": snapshot.logits("train"),
        "test_logits": snapshot.logits("test"),
        "labels": data.train_labels,
        "test_labels": data.test_labels,
        "inputs": data.train_inputs,
        "test_inputs": data.test_inputs,
        "weight": snapshot.parameters["head.weight"],
        "bias": snapshot.parameters["head.bias"],
        "loss": "cross_entropy",
        "classes": 10,
        "model": snapshot.model,
        "parameters": snapshot.parameters,
    }
    assert set(expected) == set(MEASURABLE)
    for name, value in expected.items():
        given = asked(name, snapshot)
        assert torch.equal(given, value) if torch.is_tensor(value) else given == value, name
