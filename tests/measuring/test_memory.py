"""What the families take at a checkpoint beside its features in float32: blocks, not copies."""

import pytest
import torch

from latephase.datasets.stored import Data
from latephase.measuring.snapshot import Snapshot
from latephase.parts import network
from scripts.extract import collapse, flatness, information, nc0
from tests.measuring.memory import Largest

SAMPLES, DIMENSION, CLASSES = 4096, 512, 10
BLOCK = 2**22  # bytes


def snapshot(loss="cross_entropy"):
    torch.manual_seed(0)
    inputs, labels = torch.rand(SAMPLES, 1, 4, 4), torch.arange(SAMPLES) % CLASSES
    data = Data(inputs, labels, inputs, labels, CLASSES, {})
    spec = {"model": {"name": "mlp", "widths": [DIMENSION]}, "loss": {"name": loss}}
    model = network.build_model(spec, {"shape": [1, 4, 4], "classes": CLASSES})
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters()}
    return Snapshot(spec, model, parameters, data)


@pytest.mark.parametrize("family", [collapse, nc0, flatness, information])
@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_no_family_copies_the_features(family, loss):
    """Features in float64 would be 16 MB. Of those in float32, 8 MB, there is one copy a split."""
    shown = snapshot(loss)
    measure = family.measuring(shown.data)
    for split in ("train", "test"):
        assert shown.features(split).nbytes == SAMPLES * DIMENSION * 4
    with Largest() as largest:
        measure(shown)
    assert largest.size <= BLOCK
