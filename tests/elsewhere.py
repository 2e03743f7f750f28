"""Networks that a user's own file defines, and checkpoints of them that other code wrote."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from latephase.parts.models.outside import Model
from latephase.runs import outside

SOURCE = '''\
"""Networks of mine."""

import torch
from torch import nn


class Net(nn.Module):
    """On vectors of 64 numbers."""

    def __init__(self, width=12, bias=True, classes=10):
        super().__init__()
        self.first = nn.Linear(64, width)
        self.relu = nn.ReLU()
        self.last = nn.Linear(width, classes, bias=bias)

    def forward(self, x):
        return self.last(self.relu(self.first(x.flatten(1))))


class LogSoftmax(Net):
    def forward(self, x):
        return super().forward(x).log_softmax(1)


class Doubled(Net):
    def forward(self, x):
        return 2 * super().forward(x)


class Maps(nn.Module):
    """On images, with batch normalisation; maps go into the head, flattened."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU())
        self.register_buffer("scale", torch.tensor(1.5), persistent=False)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10))

    def forward(self, x):
        return self.classifier(self.body(self.scale * x))


class HeadFirst(nn.Module):
    """Defines its head before other linear layers."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 10)
        self.body = nn.Linear(64, 8)

    def forward(self, x):
        return self.head(self.body(x.flatten(1)).tanh())


class Tied(nn.Module):
    """Uses one matrix twice, once as its head; and a mask of minus infinity."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(64, 10, bias=False)
        self.last = nn.Linear(64, 10, bias=False)
        self.last.weight = self.first.weight
        self.register_buffer("mask", torch.zeros(10).index_fill(0, torch.tensor([3]), -torch.inf))

    def forward(self, x):
        x = x.flatten(1)
        return self.last(x + (self.first(x) + self.mask).softmax(1) @ self.first.weight)


class Pair(Net):
    def forward(self, x):
        return super().forward(x), x


class Uncalled(Net):
    def forward(self, x):
        return nn.functional.linear(self.relu(self.first(x.flatten(1))), self.last.weight)


class Raises(nn.Module):
    def __init__(self, size=3):
        super().__init__()
        self.last = nn.Linear(size, size // 0)


def sequence(width=6):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))


def a_number():
    return 3
'''


def write_models(folder: Path) -> Path:
    """The file of these networks."""
    file = folder / "my_model.py"
    file.write_text(SOURCE)
    return file


def entry(file: Path, name: str, **given: Any) -> dict[str, Any]:
    """The model of a spec."""
    defaults = {"arguments": {}, "features": None, "head": None, "inputs": None}
    whole = {"name": outside.NAME, "file": str(file), "class": name} | defaults | given
    return whole | {"code": outside.code(str(file))}


def model(file: Path, name: str, shape=(1, 8, 8), classes: int = 10, **given: Any) -> Model:
    """The network as metrics are given it."""
    arguments = {key: value for key, value in entry(file, name, **given).items() if key != "name"}
    torch.manual_seed(0)
    return Model(list(shape), classes, **arguments)


def network(file: Path, name: str, seed: int = 0, **arguments: Any) -> nn.Module:
    """The user's network as her own code makes it."""
    space: dict[str, Any] = {}
    exec(compile(file.read_text(), file, "exec"), space)
    torch.manual_seed(seed)
    return space[name](**arguments).eval()


def save(state: dict[str, torch.Tensor], path: Path) -> Path:
    """A state dict in the format of the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path
