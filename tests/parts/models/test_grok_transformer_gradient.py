"""The decoder's written backpropagation against autograd."""

import pytest
import torch

from latephase.datasets.stored import Data
from latephase.runs import grid
from latephase.runs.packs import pack_of
from latephase.training import gradients
from latephase.training.trainer import Trainer

PLACES = 6
# With a head of 4, 32 and 64 numbers, six, three and two places ask.
SHAPES = [
    {"width": 8, "heads": 2, "mlp_width": 12, "blocks": 1},
    {"width": 8, "heads": 2, "mlp_width": 12, "blocks": 2},
    {"width": 64, "heads": 2, "mlp_width": 5, "blocks": 2},
    {"width": 64, "heads": 1, "mlp_width": 5, "blocks": 1},
    {"width": 64, "heads": 1, "mlp_width": 5, "blocks": 3},
]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "single"])
@pytest.mark.parametrize("loss, reduction", [("cross_entropy", "mean"), ("mse", "sum")])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def test_equals_autograd(shape, loss, reduction, dtype):
    tokens = torch.randint(9, (20, PLACES), generator=torch.Generator().manual_seed(0))
    header = {"shape": [PLACES], "classes": 9, "vocabulary": 9, "after": 0}
    data = Data(tokens, tokens[:, -1], tokens, tokens[:, -1], 9, header)
    run = {
        "data": {"name": "equations"},
        "model": {"name": "grok_transformer"} | shape,
        "loss": {"name": loss, "reduction": reduction},
        "optimizer": {"name": "sgd", "lr": 0.1},
        "batch_size": 7,
        "steps": 1,
        "checkpoints": {"log": 2},
        "seed": 3,
    }
    trainer = Trainer(pack_of([grid.resolved(run)]), data, dtype=dtype)
    assert gradients.is_written(trainer.model)
    state = trainer.initial()
    settings = [stage.settings for (stage,) in trainer.stages]
    rows = state.params, state.buffers, trainer.inputs, trainer.targets
    written, expected = (
        make(trainer.model, trainer.layout, settings, *rows)
        for make in (gradients.written, gradients.automatic)
    )
    for start, count in ((0, 7), (7, 3), (3, 7), (19, 1)):
        index = torch.arange(start, start + count)[None]
        right = expected(index)
        with torch.inference_mode():
            found = written(index)
        scale = right.abs().max().item()
        precision = torch.finfo(dtype).eps
        torch.testing.assert_close(found, right, rtol=0, atol=100 * precision * scale)
