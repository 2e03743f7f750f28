"""Weights that are brought to a norm: all rows, or those that need it."""

import pytest
import torch
from torch import nn

from latephase.parts.parameter_rows import Layout, row_of
from latephase.training.norms import bound_head, scale_weights


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 2)


@pytest.fixture
def rows():
    """Three runs, the last of which has no weights but zeros."""
    torch.manual_seed(0)
    model = Two().double()
    row = row_of(model.parameters(), torch.float64)
    layout = Layout(model)
    return torch.stack([row, 10 * row, row * (layout.weights() == 0)]), layout


def test_a_head_within_the_bound_stays_to_the_bit(rows):
    params, layout = rows
    before = params.clone()
    most = layout.views(params)["head.weight"][0].norm().item() * 2
    bound_head(params, layout, most)
    assert torch.equal(params[0], before[0])
    assert torch.equal(params[2], before[2])
    assert layout.views(params)["head.weight"][1].norm().item() == pytest.approx(most)
    for name in ("head.bias", "body.weight"):
        assert torch.equal(layout.views(params)[name], layout.views(before)[name])


def test_weights_are_scaled_together_and_biases_are_not(rows):
    params, layout = rows
    before = params.clone()
    scale_weights(params, layout, 5.0)
    weights = layout.weights() > 0
    assert params[:2, weights].norm(dim=1).tolist() == pytest.approx([5.0, 5.0])
    assert torch.equal(params[:, ~weights], before[:, ~weights])


def test_a_run_of_zeros_diverges_and_its_neighbours_do_not(rows):
    params, layout = rows
    scale_weights(params, layout, 5.0)
    assert params[2].isnan().any()
    assert params[:2].isfinite().all()
