"""The gradients of a batch: written out and by autograd, of one run and of several."""

import pytest
import torch
from torch.nn import functional

from latephase.parts import network
from latephase.training import gradients
from latephase.training.trainer import Trainer
from tests.training import packs


@pytest.mark.parametrize("size", [20, 10, 1])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_written_and_batched_gradients_equal_autograd(data, loss, reduction, size):
    entry = {"name": loss, "reduction": reduction}
    pack = packs.pack(loss=entry)
    trainer = Trainer(pack, data, dtype=torch.float64)
    params = trainer.initial().params
    leaves = {name: view[0].clone() for name, view in trainer.layout.views(params).items()}
    model = network.build_model(packs.run(), [1, 8, 8], 10).double()
    model.load_state_dict(leaves)
    of, samples = (trainer.model, trainer.layout, entry), (trainer.inputs, trainer.targets)
    written = gradients.written(*of, params, *samples)
    one, several = (
        gradients.automatic(*of, rows, rows.new_empty(len(rows), 0), *samples)
        for rows in (params, params.repeat(3, 1))
    )
    # Sizes in turn, so that memory kept from one batch to the next is used again.
    for start, count in ((0, 20), (20, size), (5, 20), (3, size)):
        index = torch.arange(start, start + count)
        x, y = trainer.inputs[index], data.train_labels[index]
        if loss == "mse":
            value = functional.mse_loss(model(x), trainer.targets[index], reduction="sum")
        else:
            value = functional.cross_entropy(model(x), y, reduction="sum")
        value = value / count if reduction == "mean" else value
        slopes = torch.autograd.grad(value, list(model.parameters()))
        expected = torch.cat([slope.flatten() for slope in slopes])
        scale = expected.abs().max().item()
        for found in (written(index[None]), one(index[None]), several(index.expand(3, -1))):
            for row in found:
                torch.testing.assert_close(row, expected, rtol=1e-12, atol=1e-12 * scale)
