"""sakamoto2026's networks against plain modules of torch, as its released code has them."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from latephase.parts.models import conv_mlp, resnet18, transformer


def copied(mine: nn.Module, plain: nn.Module) -> None:
    """Give a plain module the parameters and buffers of one of ours, in the same order."""
    for of in (nn.Module.named_parameters, nn.Module.named_buffers):
        given = [tensor for name, tensor in of(mine) if not name.endswith("tracked")]
        taken = [tensor for name, tensor in of(plain) if not name.endswith("tracked")]
        for theirs, ours in zip(taken, given, strict=True):
            theirs.data.copy_(ours.data)


def shaken(model: nn.Module) -> nn.Module:
    """In float64, with biases and normalisations away from their 0 and 1."""
    with torch.no_grad():
        for parameter in model.double().parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def assert_equal(mine: nn.Module, plain: nn.Module, x: torch.Tensor) -> None:
    """Logits and gradients."""
    labels = torch.arange(len(x)) % 10
    found = []
    for model in (mine, plain):
        logits = model(x)
        loss = functional.mse_loss(logits, functional.one_hot(labels, 10).double(), reduction="sum")
        found.append([logits, *torch.autograd.grad(loss, list(model.parameters()))])
    largest = max(tensor.abs().max().item() for tensor in found[1])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12 * largest)


def plain_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(6272, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def test_the_cnn():
    torch.manual_seed(0)
    mine = shaken(conv_mlp.Model([1, 28, 28], 10, [16, 32]))
    plain = plain_cnn().double()
    copied(mine, plain)
    x = torch.randn(6, 1, 28, 28, dtype=torch.float64)
    assert_equal(mine, plain, x)
    torch.testing.assert_close(mine.features(x), plain[:-1](x))


def test_the_cnn_at_the_start():
    """Torch's own values; then fully connected layers times 8, or all, and a head of zeros."""
    found = {}
    for init in ("plain", "linear", "zero_last_layer"):
        torch.manual_seed(3)
        if init == "plain":
            found[init] = list(plain_cnn().parameters())
        else:
            model = conv_mlp.Model([1, 28, 28], 10, [16, 32], 128, 8.0, init)
            found[init] = list(model.parameters())
    scales = {"linear": [1.0] * 4 + [8.0] * 4, "zero_last_layer": [8.0] * 6 + [0.0] * 2}
    for init, factors in scales.items():
        for tensor, plain, factor in zip(found[init], found["plain"], factors, strict=True):
            assert torch.equal(tensor, plain * factor)


class PlainTransformer(nn.Module):
    """One nn.TransformerEncoderLayer over a class token and embedded inputs."""

    def __init__(self, embedding: nn.Module, length: int):
        super().__init__()
        self.embedding = embedding
        self.token = nn.Parameter(torch.randn(1, 1, 128))
        self.positions = nn.Parameter(torch.zeros(1, length + 1, 128))
        self.layer = nn.TransformerEncoderLayer(128, 4, 256, 0.0, batch_first=True)
        self.head = nn.Linear(128, 10)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        hidden = None
        if x.ndim == 2:
            hidden = torch.cat([torch.zeros(len(x), 1, dtype=torch.bool), x == 0], 1)
        x = self.embedding(x)
        x = x.flatten(2).transpose(1, 2) if x.ndim == 4 else x
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        return self.layer(x, src_key_padding_mask=hidden)[:, 0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x))


NAMES = {
    "attention.in_proj.weight": "layer.self_attn.in_proj_weight",
    "attention.in_proj.bias": "layer.self_attn.in_proj_bias",
    "attention.out_proj.weight": "layer.self_attn.out_proj.weight",
    "attention.out_proj.bias": "layer.self_attn.out_proj.bias",
}


def theirs(name: str) -> str:
    """What torch's layer calls a parameter of ours."""
    inner = name.startswith(("linear", "norm"))
    return f"layer.{name}" if inner else NAMES.get(name, name)


def sequences(count: int) -> torch.Tensor:
    """Tokens 1 to 29, padded by 0 after 1 to 12 of them."""
    x = torch.randint(1, 30, (count, 12))
    x[torch.arange(12) >= torch.arange(1, count + 1)[:, None].clamp(max=12)] = 0
    return x


TRANSFORMERS = {
    "patches": (
        lambda: transformer.Model([1, 28, 28], 10),
        lambda: PlainTransformer(nn.Conv2d(1, 128, 4, stride=4), 49),
        lambda: torch.randn(6, 1, 28, 28, dtype=torch.float64),
    ),
    "tokens": (
        lambda: transformer.Model([12], 10, vocabulary=30, padding=0),
        lambda: PlainTransformer(nn.Embedding(30, 128), 12),
        lambda: sequences(14),
    ),
}


@pytest.mark.parametrize("of", TRANSFORMERS)
def test_the_transformer(of):
    torch.manual_seed(0)
    ours, torchs, samples = TRANSFORMERS[of]
    mine, plain, x = shaken(ours()), torchs().double(), samples()
    tensors = {theirs(name): tensor for name, tensor in mine.named_parameters()}
    plain.load_state_dict(tensors)
    torch.testing.assert_close(mine.features(x), plain.features(x), rtol=1e-9, atol=1e-12)
    labels = functional.one_hot(torch.arange(len(x)) % 10, 10).double()
    slopes = {}
    for model in (mine, plain):
        loss = functional.mse_loss(model(x), labels, reduction="sum")
        names = [name for name, _ in model.named_parameters()]
        slopes[model] = dict(
            zip(names, torch.autograd.grad(loss, list(model.parameters())), strict=True)
        )
    for name, slope in slopes[mine].items():
        largest = slopes[plain][theirs(name)].abs().max().item()
        torch.testing.assert_close(
            slope, slopes[plain][theirs(name)], rtol=1e-8, atol=1e-11 * largest
        )


def test_padding_changes_nothing():
    """What the padding's embedding is, and how much of it there is at its end."""
    torch.manual_seed(0)
    model = shaken(transformer.Model([12], 10, vocabulary=30, padding=0)).eval()
    x = sequences(5)
    before = model(x)
    with torch.no_grad():
        model.embedding.weight[0] += 100.0
    torch.testing.assert_close(model(x), before)
    x[0, 3] = 7  # and a token where padding was does
    assert (model(x)[0] - before[0]).abs().max() > 1e-3


def test_the_transformer_at_the_start():
    torch.manual_seed(0)
    model = transformer.Model([1, 28, 28], 10, init_scale=8.0)
    assert model.token.std().item() == pytest.approx(1, rel=0.2)
    assert not model.positions.any()
    bound = (6 / (128 + 3 * 128)) ** 0.5  # Xavier's, of all three at once, as torch has it
    weight = model.attention.in_proj.weight
    assert bound * 0.99 < weight.abs().max().item() <= bound
    assert not model.attention.in_proj.bias.any()
    assert not model.attention.out_proj.bias.any()
    for layer in (model.linear1, model.linear2, model.head):
        bound = 8 / layer.in_features**0.5
        for parameter in layer.parameters():
            assert bound * 0.8 < parameter.abs().max().item() <= bound
    assert model.attention.out_proj.weight.abs().max().item() <= 1 / 128**0.5
    # g is the output of a LayerNorm, whose norm is the root of its width.
    norms = model.features(torch.randn(4, 1, 28, 28)).norm(dim=1)
    torch.testing.assert_close(norms, torch.full((4,), 128**0.5), rtol=1e-3, atol=0)


class PlainBlock(nn.Module):
    def __init__(self, channels: int, planes: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(out + self.shortcut(x))


class PlainResNet(nn.Module):
    """With either stem: kuangliu's for small images, or torchvision's."""

    def __init__(self, width: int, stem: str):
        super().__init__()
        small = stem == "small"
        self.conv1 = nn.Conv2d(3, width, *((3, 1, 1) if small else (7, 2, 3)), bias=False)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        self.bn1 = nn.BatchNorm2d(width)
        sizes, channels, blocks = (
            [(width, 1), (2 * width, 2), (4 * width, 2), (8 * width, 2)],
            width,
            [],
        )
        for planes, stride in sizes:
            blocks += [PlainBlock(channels, planes, stride), PlainBlock(planes, planes, 1)]
            channels = planes
        self.layers = nn.Sequential(*blocks)
        self.linear = nn.Linear(8 * width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layers(self.pool(functional.relu(self.bn1(self.conv1(x)))))
        return self.linear(out.mean((2, 3)))


@pytest.mark.parametrize("stem", ["small", "large"])
def test_resnet18(stem):
    torch.manual_seed(0)
    mine = shaken(resnet18.Model([3, 32, 32], 10, 6, stem=stem))
    plain = PlainResNet(6, stem).double()
    copied(mine, plain)
    x = torch.randn(5, 3, 32, 32, dtype=torch.float64)
    assert_equal(mine, plain, x)
    torch.testing.assert_close(mine.eval()(x), plain.eval()(x), rtol=1e-9, atol=1e-12)


def test_the_large_stem_begins_as_torchvisions_does():
    """Convolutions from a normal of variance 2/(outputs · side²), the head as torch makes it."""
    torch.manual_seed(0)
    model = resnet18.Model([3, 32, 32], 10, 32, stem="large")
    for name, tensor in model.named_parameters():
        if tensor.ndim == 4:
            spread = (2 / (tensor.shape[0] * tensor.shape[2] ** 2)) ** 0.5
            assert tensor.std().item() == pytest.approx(spread, rel=0.1), name
    assert model.head.weight.abs().max() <= 256**-0.5


def test_resnet18_at_the_start():
    torch.manual_seed(0)
    plain = resnet18.Model([3, 32, 32], 10, 4)
    torch.manual_seed(0)
    scaled = resnet18.Model([3, 32, 32], 10, 4, init_scale=8.0)
    for (name, tensor), other in zip(scaled.named_parameters(), plain.parameters(), strict=True):
        assert torch.equal(tensor, other * (8.0 if name.startswith("head") else 1.0))
