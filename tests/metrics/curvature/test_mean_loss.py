"""The mean loss as a function of the parameters, in blocks, against autograd on all samples."""

import pytest
import torch
from torch import nn

from latephase.metrics.curvature.mean_loss import Objective
from latephase.parts.losses import cross_entropy
from latephase.parts.models import grok_transformer
from tests.metrics.curvature.networks import (
    Attention,
    Residual,
    full_hessian,
    in_blocks,
    mlp,
    moved,
    objective,
    tanh_mlp,
)


@pytest.mark.parametrize("size", [None, 3])
@pytest.mark.parametrize("make", [mlp, Residual, Attention])
def test_value_and_slope(make, size):
    of = objective(make)
    if size:
        in_blocks(of, size)
    leaves = {n: t.clone().requires_grad_() for n, t in of.parameters.items()}
    inputs = of.inputs.double() if of.inputs.is_floating_point() else of.inputs
    loss = nn.functional.cross_entropy(of.outputs(leaves, inputs), of.labels)
    loss.backward()
    assert float(of.value(of.parameters)) == pytest.approx(loss.item(), rel=1e-12)
    for name, slope in of.gradient().items():
        torch.testing.assert_close(slope, leaves[name].grad, rtol=1e-10, atol=1e-14)
    assert of.logits().shape == (7, 3)
    assert of.logits().dtype == torch.float64


@pytest.mark.parametrize("size", [None, 3])
@pytest.mark.parametrize("make", [tanh_mlp, Residual])
def test_products_with_all_and_with_a_part_of_the_hessian(make, size):
    of = objective(make)
    hessian, places = full_hessian(of)
    if size:
        in_blocks(of, size)
    product = of.hessian_product()
    vectors = {name: torch.randn_like(t) for name, t in of.parameters.items()}
    row = torch.cat([vector.flatten() for vector in vectors.values()])
    for _ in range(2):  # the graph is kept
        images = product(vectors)
        image = torch.cat([images[name].flatten() for name in vectors])
        torch.testing.assert_close(image, hessian @ row, rtol=1e-9, atol=1e-12)
    name = list(vectors)[2]
    block = hessian[places[name], places[name]]
    (found,) = product({name: vectors[name]}).values()
    expected = block @ vectors[name].flatten()
    torch.testing.assert_close(found.flatten(), expected, rtol=1e-9, atol=1e-12)


def test_evaluation_mode_and_buffers():
    """Batch statistics are the stored ones, by themselves or among the parameters; no dropout."""
    of = objective(Residual)
    before = of.value(of.parameters)
    of.model.train()
    again = moved(of)
    assert not of.model.training
    assert again.value(again.parameters) == pytest.approx(float(before), rel=1e-12)
    buffers = {name: 2 * t for name, t in of.model.named_buffers() if t.is_floating_point()}
    other = moved(of, **buffers)
    assert list(other.parameters) == list(of.parameters)
    assert other.value(other.parameters) != pytest.approx(float(before), rel=1e-3)


def test_memory_is_bounded_in_the_number_of_samples():
    def at_once(samples, make):
        return objective(make, samples=samples).samples_at_once

    assert at_once(5, mlp) == at_once(50, mlp)

    def images(kernel, side):
        model = nn.Sequential(nn.Conv2d(4, 4, kernel), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        side += kernel - 1  # so that the outputs are of the same size
        named = {n: p.detach() for n, p in model.named_parameters()}
        arguments = torch.zeros(2, 4, side, side), torch.tensor([0, 2]), lambda z, y: z.sum(-1)
        return Objective(model, named, *arguments).samples_at_once

    assert images(1, 10) > 20 * images(1, 100)
    assert images(1, 50) > 5 * images(5, 50), "its patches are unfolded"


def test_everything_is_in_the_dtype_asked_for():
    of = objective(Residual, dtype=torch.float32)
    assert of.logits().dtype == torch.float32
    assert {t.dtype for t in of.gradient().values()} == {torch.float32}
    product = of.hessian_product()(of.parameters)
    assert {t.dtype for t in product.values()} == {torch.float32}


def test_a_loss_without_curvature():
    of = objective(mlp, lambda z, y: -(z * y).sum(-1))
    head = {name: torch.ones_like(of.parameters[name]) for name in ("4.weight", "4.bias")}
    assert not any(image.any() for image in of.hessian_product()(head).values())


def test_an_equation_is_measured_at_its_answer():
    torch.manual_seed(0)
    shape = {"width": 4, "heads": 2, "mlp_width": 5, "blocks": 1}
    model = grok_transformer.Model([5], 7, **shape).double()
    inputs, labels = torch.randint(7, (9, 5)), torch.randint(7, (9,))
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters()}
    here = Objective(model, parameters, inputs, labels, cross_entropy.per_sample)
    assert here.classes == 7

    loss = nn.functional.cross_entropy(model(inputs)[:, 0], labels)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    torch.testing.assert_close(here.value(parameters), loss.detach())
    torch.testing.assert_close(list(here.gradient().values()), list(slopes))
    torch.testing.assert_close(here.logits(), model(inputs)[:, 0].detach())
