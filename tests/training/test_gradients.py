"""The gradients of a batch: written out and by autograd, of one run and of several."""

import pytest
import torch
from torch.nn import functional

from latephase.parts import network
from latephase.parts.models import backward, cnn, grok_transformer
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
    model = network.build_model(packs.run(), {"shape": [1, 8, 8], "classes": 10}).double()
    model.load_state_dict(leaves)
    of = (trainer.model, trainer.layout)
    samples, settings = (trainer.inputs, trainer.targets), [{"loss": entry}]
    none = params.new_empty(1, 0)
    written = gradients.written(*of, settings, params, none, *samples)
    one, several = (
        gradients.automatic(*of, settings * len(rows), rows, none.expand(len(rows), 0), *samples)
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


NETWORKS = [
    {"name": "cnn", "widths": [4, 3, 5]},
    {"name": "cnn", "widths": [6]},
    {"name": "cnn", "widths": [4, 5], "batch_norm": False},
    {"name": "vgg9"},
    {"name": "transformer", "width": 6, "heads": 2, "mlp_width": 5, "patch": 2, "init_scale": 2.0},
    {"name": "smooth_mlp", "widths": [12, 7, 5], "slope": 0.2, "sharpness": 3.0},
    {"name": "conv_mlp", "channels": [4, 5], "width": 7, "init_scale": 2.0},
]


@pytest.mark.parametrize("entry", NETWORKS, ids=str)
def test_written_gradients_of_convolutions_equal_autograd(data, entry):
    """And the running statistics move as they do in torch's own forward pass."""
    pack = packs.pack(model=entry, loss={"name": "cross_entropy", "reduction": "mean"})
    trainer = Trainer(pack, data, dtype=torch.float64)
    state = trainer.initial()
    params, buffers = state.params[:1], state.buffers[:1]
    model = network.build_model(
        packs.run(model=entry), {"shape": [1, 8, 8], "classes": 10}
    ).double()
    views = trainer.layout.views(params[0]) | trainer.layout.buffer_views(buffers[0])
    # But for the number of batches, which torch's own loading makes up.
    model.load_state_dict({name: view.clone() for name, view in views.items()}, strict=False)
    of = (trainer.model, trainer.layout, [pack["common"]])
    written = gradients.written(*of, params, buffers, trainer.inputs, trainer.targets)
    for start, count in ((0, 20), (20, 7), (5, 20)):
        index = torch.arange(start, start + count)
        value = functional.cross_entropy(model(trainer.inputs[index]), data.train_labels[index])
        expected = torch.cat(
            [slope.flatten() for slope in torch.autograd.grad(value, list(model.parameters()))]
        )
        with torch.inference_mode():
            found = written(index[None])[0]
        scale = expected.abs().max().item()
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12 * scale)
        for name, view in trainer.layout.buffer_views(buffers[0]).items():
            expected = dict(model.named_buffers())[name]
            torch.testing.assert_close(view, expected, rtol=1e-12, atol=1e-15)


def test_a_subclass_that_computes_something_else_has_no_written_pass():
    class Other(cnn.Model):
        def features(self, x):
            return super().features(x) ** 2

    class Alike(cnn.Model):
        pass

    class OtherPlaces(grok_transformer.Model):
        def both_features(self, x):
            return super().both_features(x) ** 2

    assert gradients.is_written(cnn.Model([1, 8, 8], 10, [4]))
    assert gradients.is_written(Alike([1, 8, 8], 10, [4]))
    assert not gradients.is_written(Other([1, 8, 8], 10, [4]))
    assert gradients.is_written(grok_transformer.Model([6], 9))
    assert not gradients.is_written(OtherPlaces([6], 9))
    assert not gradients.is_written(torch.nn.Linear(1, 1))


def test_a_layer_without_a_written_backward_pass_is_refused():
    with pytest.raises(TypeError, match="no backward pass of Sigmoid"):
        backward.layers(torch.nn.Sequential(torch.nn.Sigmoid()), [], [], [])
