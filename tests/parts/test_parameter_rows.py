import pytest
import torch
from torch import nn

from latephase.errors import UserError
from latephase.parts import network
from latephase.parts.parameter_rows import Layout, row_of


def test_views_share_memory():
    layout = Layout(nn.Linear(3, 2))
    rows = torch.arange(16.0).reshape(2, 8)
    views = layout.views(rows)
    assert views["weight"].shape == (2, 2, 3)
    assert torch.equal(views["bias"], rows[:, 6:])
    views["bias"].zero_()
    assert not rows[:, 6:].any()
    assert layout.buffer_views(rows[:, :0]) == {}


class Scaled(nn.Module):
    """A convolution, a normalisation and a number to learn."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.temperature = nn.Parameter(torch.tensor(5.0))


def test_a_row_and_back():
    model = Scaled()
    model.norm.num_batches_tracked = None
    layout = Layout(model)
    views = layout.views(row_of(model.parameters(), torch.float64))
    for name, parameter in model.named_parameters():
        assert torch.equal(views[name], parameter.double())
    assert views["temperature"].shape == ()
    buffers = layout.buffer_views(row_of(model.buffers(), torch.float64))
    assert {name: view.tolist() for name, view in buffers.items()} == {
        "norm.running_mean": [0.0, 0.0],
        "norm.running_var": [1.0, 1.0],
    }


def test_weights_are_the_tensors_of_two_dimensions_or_more():
    model = Scaled()
    model.norm.num_batches_tracked = None
    assert Layout(model).weights().tolist() == [0.0] + [1.0] * 18 + [0.0] * (2 + 4)


def test_a_buffer_that_is_no_number_to_average_is_refused():
    """Of a batch normalisation without momentum the count matters, and cannot be dropped."""
    with pytest.raises(UserError, match=r"norm\.num_batches_tracked is torch\.int64"):
        Layout(Scaled())


@pytest.mark.parametrize(("momentum", "counts"), [(0.1, False), (None, True)])
def test_a_built_model_counts_batches_only_where_it_averages_over_all(
    monkeypatch, momentum, counts
):
    class Model(Scaled):
        def __init__(self, shape, classes):
            super().__init__()
            self.norm.momentum = momentum

    part = type("part", (), {"Model": Model})
    monkeypatch.setattr(network.parts, "load", lambda kind, name: part)
    model = network.build_model({"model": {"name": "scaled"}}, {"shape": [1, 8, 8], "classes": 10})
    assert ("norm.num_batches_tracked" in dict(model.named_buffers())) == counts
