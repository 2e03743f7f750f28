"""Networks: sizes by independent arithmetic, layers in their order, initialisations."""

import importlib
import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional

from latephase.runs import declared, parts
from tests.libraries import models


def build(name, shape, classes=10, **arguments):
    torch.manual_seed(0)
    return parts.load("model", name).Model(shape, classes, **arguments)


def block(channels, width):
    """The numbers of a convolution 3×3 with bias and of its normalisation."""
    return 9 * channels * width + width + 2 * width


def chain(*widths):
    return sum(block(m, n) for m, n in pairwise(widths))


LAYER = 4 * 512 + 512 * 3 * 512 + 3 * (512 * 512 + 512)
SIZES = {
    "resnet9": ([1, 32, 32], {}, 6_574_218),
    "vgg9": ([1, 32, 32], {}, 4_808_330),
    "vgg11": ([3, 32, 32], {}, 9_231_114),
    "vit": ([3, 32, 32], {}, 9_522_698),
    "cnn": ([1, 8, 8], {"widths": [16, 32]}, 6_186),
    "ufm": ([1, 1, 1], {"samples": 10_000}, 5_125_120),
    "resnet50": ([3, 224, 224], {}, 23_528_522),
    "conv_mlp": ([1, 28, 28], {"channels": [16, 32]}, 809_034),
    "resnet18": ([3, 32, 32], {}, 11_173_962),
    "transformer": ([1, 28, 28], {}, 142_474),
    "grok_transformer": ([6], {}, 396_800),
}


def basics():
    """ResNet-18's numbers between its first convolution and its head."""
    total, channels = 0, 64
    for width in (64, 128, 256, 512):
        total += channels * width + 2 * width if channels != width else 0
        total += 9 * channels * width + 3 * 9 * width * width + 4 * 2 * width
        channels = width
    return total


def bottlenecks():
    """ResNet-50's numbers between its first convolution and its head."""
    total, channels = 0, 64
    for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
        total += channels * 4 * width + 8 * width  # the shortcut of the first
        for _ in range(count):
            total += channels * width + 9 * width * width + 4 * width * width
            total += 2 * (width + width + 4 * width)
            channels = 4 * width
    return total


@pytest.mark.parametrize("name", SIZES)
def test_the_number_of_parameters(name):
    shape, arguments, expected = SIZES[name]
    by_layers = {
        "resnet9": chain(1, 64, 128, 128, 128, 256, 512, 512, 512) + 5_130,
        "vgg9": chain(1, 64, 128, 512, 512, 256, 256) + 10_250,
        "vgg11": chain(3, 64, 128, 256, 256, 512, 512, 512, 512) + 5_130,
        "vit": 49 * 512 + 512 + 65 * 512 + 6 * LAYER + 5_130,
        "cnn": chain(1, 16, 32) + 1_290,
        "ufm": 10_010 * 512,
        "grok_transformer": 2 * 1_280 + 2 * (4 * 128**2 + 2 * 128 * 512 + 4 * 128),
        "resnet50": 3 * 49 * 64 + 128 + bottlenecks() + 20_490,
        "conv_mlp": 160 + 4_640 + 6_272 * 128 + 128 + 1_290,
        "resnet18": 27 * 64 + 128 + basics() + 5_130,
        "transformer": 17 * 128 + 51 * 128 + 4 * 129 * 128 + 512 + 65_920 + 1_290,
    }
    assert by_layers[name] == expected
    assert sum(p.numel() for p in build(name, shape, **arguments).parameters()) == expected


CONVOLUTIONS = {
    "resnet9": ([1, 64, 128, 128, 128, 256, 512, 512], [64, 128, 128, 128, 256, 512, 512, 512]),
    "vgg9": ([1, 64, 128, 512, 512, 256], [64, 128, 512, 512, 256, 256]),
    "vgg11": ([1, 64, 128, 256, 256, 512, 512, 512], [64, 128, 256, 256, 512, 512, 512, 512]),
}
SIDES = {  # of what each convolution puts out, on 32×32
    "resnet9": [32, 32, 16, 16, 16, 8, 4, 4],
    "vgg9": [32, 16, 8, 8, 4, 4],
    "vgg11": [32, 16, 8, 8, 4, 4, 2, 2],
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_convolutions_in_their_order(name):
    model, seen = build(name, [1, 32, 32]).eval(), []
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    for layer in layers:
        layer.register_forward_hook(lambda module, _, output: seen.append((module, output.shape)))
    with torch.no_grad():
        features = model.features(torch.zeros(2, 1, 32, 32))
    assert features.shape == (2, 1024 if name == "vgg9" else 512)
    assert [module for module, _ in seen] == layers
    assert [layer.in_channels for layer in layers] == CONVOLUTIONS[name][0]
    assert [layer.out_channels for layer in layers] == CONVOLUTIONS[name][1]
    assert [shape[2] for _, shape in seen] == [shape[3] for _, shape in seen] == SIDES[name]
    assert all(layer.bias is not None for layer in layers)


def test_resnet9_by_hand():
    """The released forward pass: two sums, of a residual's input and its last ReLU."""
    model = build("resnet9", [1, 32, 32])
    x = torch.randn(3, 1, 32, 32)
    tensors = iter(dict(model.named_parameters()).values())

    def conv(x, pooled=False):
        weight, bias, scale, shift = (next(tensors) for _ in range(4))
        x = functional.conv2d(x, weight, bias, padding=1)
        x = functional.batch_norm(x, None, None, scale, shift, training=True).relu()
        return functional.max_pool2d(x, 2) if pooled else x

    out = conv(conv(x), pooled=True)
    out = conv(conv(out)) + out
    out = conv(conv(out, pooled=True), pooled=True)
    out = conv(conv(out)) + out
    out = functional.max_pool2d(out, 4).flatten(1)
    expected = functional.linear(out, next(tensors), next(tensors))
    torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-5)


def test_resnet50_is_torchvisions():
    """25,557,032 numbers of 1000 classes, as published; sides, strides in the 3×3; first values."""
    model = build("resnet50", [3, 224, 224], 1000).eval()
    assert sum(p.numel() for p in model.parameters()) == 25_557_032
    assert model.head.weight.shape == (1000, 2048)
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 1 + 3 * 16 + 4
    strides = [(m.kernel_size[0], m.in_channels) for m in convolutions if m.stride == (2, 2)]
    assert strides == [(7, 3), (3, 128), (1, 256), (3, 256), (1, 512), (3, 512), (1, 1024)]
    for layer in convolutions:
        assert layer.bias is None
        out = layer.out_channels * layer.kernel_size[0] ** 2
        error = 5 / math.sqrt(2 * layer.weight.numel())
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / out), rel=error)
    for norm in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        assert (norm.weight == 1).all()
        assert not norm.bias.any()
    maps = []
    for module in model.body:
        module.register_forward_hook(lambda _, __, output: maps.append(output.shape[1:]))
    with torch.no_grad():
        assert model(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)
    sides = [112] * 3 + [56] * 4 + [28] * 4 + [14] * 6 + [7] * 3 + [1]
    assert [shape[1] for shape in maps] == sides
    assert maps[-1] == (2048, 1, 1)


def test_a_bottleneck_by_hand():
    module = importlib.import_module("latephase.parts.models.resnet50").Bottleneck(3, 2, 2)
    x, tensors = torch.randn(4, 3, 6, 6), iter(list(module.parameters()))

    def conv(x, **options):
        weight, scale, shift = (next(tensors) for _ in range(3))
        x = functional.conv2d(x, weight, **options)
        return functional.batch_norm(x, None, None, scale, shift, training=True)

    out = conv(x).relu()
    out = conv(conv(out, stride=2, padding=1).relu())
    torch.testing.assert_close(module(x), (out + conv(x, stride=2)).relu())


ARGUMENTS = {"cnn": {"widths": [3, 4]}, "conv_mlp": {"channels": [3, 4]}, "resnet18": {"width": 3}}


@pytest.mark.parametrize("name", ["resnet9", "resnet50", "vgg9", "vgg11", *ARGUMENTS])
@pytest.mark.parametrize("shape", [[1, 8, 8], [3, 28, 28], [2, 5, 9], [1, 40, 32]])
def test_convolutional_networks_take_any_sides(name, shape):
    model = build(name, shape, **ARGUMENTS.get(name, {})).eval()
    with torch.no_grad():
        assert model(torch.randn(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize("name", models())
def test_a_model_says_whether_it_normalises_over_the_batch(name):
    shape, arguments, _ = SIZES.get(name, ([1, 8, 8], {"widths": [3]}, 0))
    modules = build(name, shape, **arguments).modules()
    normalises = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in modules)
    assert normalises == declared.batch_norm(name)


def test_cnn_without_batch_normalisation():
    model = build("cnn", [1, 8, 8], widths=[3], batch_norm=False)
    x = torch.randn(4, 1, 8, 8)
    out = functional.max_pool2d(functional.conv2d(x, *list(model.parameters())[:2], padding=1), 2)
    torch.testing.assert_close(model.features(x), out.relu().flatten(1))
    assert not list(model.buffers())


@pytest.mark.parametrize(("name", "arguments"), [("cnn", {"widths": [64]}), ("vgg9", {})])
def test_the_row_sum_of_a_head_at_the_start(name, arguments):
    """E‖Wᵀ1‖² = K/3 whatever the width, of which zhao2026's Fig. 5 starts."""
    squares = []
    for seed in range(40 if name == "cnn" else 3):
        torch.manual_seed(seed)
        model = parts.load("model", name).Model([1, 8, 8], 10, **arguments)
        squares.append(model.head.weight.sum(0).square().sum().item())
    width, mean = model.head.weight.shape[1], sum(squares) / len(squares)
    error = 10 / 3 * math.sqrt(2 / width / len(squares))
    assert abs(mean - 10 / 3) < 4 * error


def test_vit_equals_torchs_encoder():
    model = build("vit", [3, 8, 12], layers=2, heads=2, head_width=3, mlp_width=5).double()
    with torch.no_grad():
        for parameter in model.parameters():  # biases and norms away from their 0 and 1
            parameter.add_(0.3 * torch.randn_like(parameter))
    x = torch.randn(4, 3, 8, 12, dtype=torch.float64)
    cut = x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).reshape(4, 6, 48)
    tokens = cut @ model.patches.weight.flatten(1).T + model.patches.bias
    tokens = torch.cat([model.token.expand(4, 1, 6), tokens], 1) + model.positions
    for mine in model.layers:
        layer = nn.TransformerEncoderLayer(
            6, 2, 5, 0.0, lambda x: functional.gelu(x, approximate="tanh"), 1e-5, True, True
        ).double()
        norm, first, _, second = mine.mlp
        copies = {
            "self_attn.in_proj_weight": mine.qkv.weight,
            "self_attn.in_proj_bias": torch.zeros(18),
            "self_attn.out_proj.weight": mine.projection.weight,
            "self_attn.out_proj.bias": mine.projection.bias,
            "linear1.weight": first.weight,
            "linear1.bias": first.bias,
            "linear2.weight": second.weight,
            "linear2.bias": second.bias,
            "norm1.weight": mine.attention_norm.weight,
            "norm1.bias": mine.attention_norm.bias,
            "norm2.weight": norm.weight,
            "norm2.bias": norm.bias,
        }
        layer.load_state_dict(copies)
        tokens = layer(tokens)
    torch.testing.assert_close(model.features(x), tokens[:, 0], rtol=1e-10, atol=1e-12)


def test_vit_at_the_start():
    model = build("vit", [3, 32, 32])
    weights = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert len(weights) == 1 + 6 * 4 + 1
    for module in weights:
        assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert module.bias is None or not module.bias.any()
    for tensor in (model.token, model.positions):
        assert tensor.std().item() == pytest.approx(1, rel=0.15)
    small = build("vit", [3, 8, 8], embedding_std=0.02)
    assert small.positions.std().item() == pytest.approx(0.02, rel=0.1)


def test_ufm_hands_out_its_features():
    model = build("ufm", [1, 1, 1], 4, samples=6, width=3, bias=True, init_scale=0.5)
    x = torch.tensor([5.0, 0.0, 5.0]).view(3, 1, 1, 1)
    assert torch.equal(model.features(x), model.free[[5, 0, 5]])
    assert torch.equal(model(x), model.free[[5, 0, 5]] @ model.head.weight.T)
    assert not model.head.bias.any()
    large = build("ufm", [1, 1, 1], 10, samples=1000, init_scale=0.5)
    assert large.free.std().item() == pytest.approx(0.5, rel=0.01)
    assert large.head.weight.std().item() == pytest.approx(0.5, rel=0.1)
    assert large.head.bias is None
