"""What a layer adds to the Gauss–Newton matrix, against autograd's derivative of each sample."""

import pytest
import torch
from torch import nn

from latephase.metrics.curvature.layer_taps import TAPS, matrices

IMAGES = (5, 4, 6, 7)
LAYERS = {
    "linear": (lambda: nn.Linear(4, 6), (5, 4)),
    "linear, fewer rows": (lambda: nn.Linear(6, 3, bias=False), (5, 6)),
    "short sequence": (lambda: nn.Linear(9, 8), (5, 2, 9)),
    "long sequence": (lambda: nn.Linear(3, 2), (5, 11, 3)),
    "grid of positions": (lambda: nn.Linear(3, 2), (5, 2, 3, 3)),
    "convolution": (lambda: nn.Conv2d(4, 6, 3), IMAGES),
    "few positions": (lambda: nn.Conv2d(4, 6, (5, 6)), IMAGES),
    "one position": (lambda: nn.Conv2d(4, 6, (6, 7)), IMAGES),
    "strided, dilated": (lambda: nn.Conv2d(4, 2, 2, stride=(2, 1), dilation=(1, 2)), IMAGES),
    "groups": (lambda: nn.Conv2d(4, 6, 3, groups=2, padding=(1, 0)), IMAGES),
    "depthwise": (lambda: nn.Conv2d(4, 8, (5, 5), groups=4, bias=False), IMAGES),
    "same": (lambda: nn.Conv2d(4, 3, (2, 3), padding="same"), IMAGES),
    "circular": (lambda: nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular"), IMAGES),
    "batch norm of features": (lambda: nn.BatchNorm1d(4), (5, 4)),
    "batch norm of sequences": (lambda: nn.BatchNorm1d(4), (5, 4, 3)),
    "batch norm of images": (lambda: nn.BatchNorm2d(4), IMAGES),
}


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_of_each_sample(name):
    make, shape = LAYERS[name]
    torch.manual_seed(0)
    layer = make().double().eval()
    for tensor in (*layer.parameters(), *layer.buffers()):
        if tensor.is_floating_point():
            tensor.data.uniform_(0.5, 2)
    inputs = torch.randn(*shape, dtype=torch.float64)
    outputs = layer(inputs)
    delta = torch.randn_like(outputs)
    tap = TAPS[type(layer)](layer, inputs)

    norms, kappas = [], []
    for i in range(len(inputs)):
        own = (delta[i] * layer(inputs[i : i + 1])[0]).sum()
        slopes = torch.autograd.grad(own, list(layer.parameters()))
        norms.append(sum(slope.square().sum() for slope in slopes))
        weight, slope = matrices(layer, layer.weight), matrices(layer, slopes[0])
        kappas.append((weight.mT @ slope).square().sum())
    assert tap.trace(delta).tolist() == pytest.approx(torch.stack(norms).tolist(), rel=1e-12)
    if not name.startswith("batch norm"):
        assert tap.kappa(delta).tolist() == pytest.approx(torch.stack(kappas).tolist(), rel=1e-12)


def test_both_ways_are_taken():
    ways = set()
    for name, (make, shape) in LAYERS.items():
        if not name.startswith("batch norm"):
            tap = TAPS[type(make())](make(), torch.randn(shape))
            ways.add((type(tap.module), tap.by_pairs, tap.inputs.shape[2] == 1))
    for kind in (nn.Linear, nn.Conv2d):
        assert {(kind, True, True), (kind, True, False), (kind, False, False)} <= ways


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", LAYERS)
def test_what_is_written_over_the_inputs_later_does_not_matter(name):
    make, shape = LAYERS[name]
    layer, inputs = make().eval(), torch.randn(*shape)
    delta = torch.randn_like(layer(inputs))
    tap = TAPS[type(layer)](layer, inputs)
    before = tap.trace(delta)
    inputs.zero_()
    assert torch.equal(tap.trace(delta), before)


def test_a_common_offset_of_the_rows_costs_no_digits():
    """As the rows of a classifier have that is far from NC0: ‖Wᵀδ‖² = δᵀWWᵀδ loses them all."""
    torch.manual_seed(0)
    layer = nn.Linear(9, 4, bias=False).double()
    delta = torch.randn(5, 4, dtype=torch.float64)
    delta -= delta.mean(1, keepdim=True)
    inputs = torch.randn(5, 9, dtype=torch.float64)
    before = TAPS[nn.Linear](layer, inputs).kappa(delta)
    layer.weight.data += 1e6
    assert TAPS[nn.Linear](layer, inputs).kappa(delta).tolist() == pytest.approx(
        before.tolist(), rel=1e-8
    )
    gram = layer.weight @ layer.weight.T
    squared = ((delta @ gram) * delta).sum(1) * inputs.square().sum(1)
    assert squared.tolist() != pytest.approx(before.tolist(), rel=1e-4)
