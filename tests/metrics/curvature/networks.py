"""Small networks and their full Hessians, for the tests of the curvature metrics."""

import torch
from torch import Tensor, nn

from latephase.metrics.curvature.mean_loss import Objective
from latephase.parts.losses import cross_entropy

CLASSES = 3


class Residual(nn.Module):
    """Convolutions (one grouped, strided and dilated), batch norms, a sum, pooling, layers without
    biases, two operations that write over what they are given, an input given by its name."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.grouped = nn.Conv2d(4, 4, 2, groups=2, stride=2, dilation=2, padding=(1, 0))
        self.short = nn.Conv2d(4, 4, 1, stride=2)
        self.pool = nn.MaxPool2d(2, stride=1)
        self.wide = nn.Linear(16, 6, bias=False)
        self.flat_norm = nn.BatchNorm1d(6)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.first(x)))
        y = self.grouped(x)
        y += self.short(x)[:, :, : y.shape[2], : y.shape[3]]
        y = self.pool(y.abs()).mean(3, keepdim=True).expand(-1, -1, -1, 2).flatten(1)
        return self.head(input=nn.functional.leaky_relu(self.flat_norm(self.wide(y))))


class Attention(nn.Module):
    """One Transformer layer on tokens, as smooth as they come."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.1, batch_first=True)
        self.head = nn.Linear(4, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(self.embed(x))[:, 0])


def mlp(activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    """Two hidden layers; in the first there are fewer inputs than units, then the reverse."""
    return nn.Sequential(
        nn.Linear(4, 6), activation(), nn.Linear(6, 5), activation(), nn.Linear(5, CLASSES)
    )


def objective(
    make=mlp, loss=cross_entropy.per_sample, seed=0, samples=7, scale=1.5, **options
) -> Objective:
    """The mean loss of a network on random samples, at random parameters and statistics."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make()
        for norm in (m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
        parameters = {n: scale * p.detach() for n, p in model.named_parameters()}
        inputs = {
            Residual: lambda: torch.randn(samples, 2, 6, 6),
            Attention: lambda: torch.randint(5, (samples, 3)),
        }.get(type(model), lambda: torch.randn(samples, 4))()
        labels = torch.randint(CLASSES, (samples,))
    return Objective(model, parameters, inputs, labels, loss, **options)


def tanh_mlp() -> nn.Module:
    """The same with a smooth activation."""
    return mlp(nn.Tanh)


def in_blocks(objective: Objective, size: int) -> Objective:
    """Take so many samples at a time, the last block being smaller."""
    assert len(objective.inputs) % size
    objective.samples_at_once = size
    return objective


def full_hessian(objective: Objective) -> tuple[Tensor, dict[str, slice]]:
    """H [P, P] of the mean loss in one batch, by autograd, and the place of each parameter."""
    shapes = {name: tensor.shape for name, tensor in objective.parameters.items()}
    sizes = [shape.numel() for shape in shapes.values()]
    targets = nn.functional.one_hot(objective.labels, objective.classes).double()
    inputs = objective.inputs
    inputs = inputs.double() if inputs.is_floating_point() else inputs

    def mean_loss(row: Tensor) -> Tensor:
        pieces = zip(shapes.items(), row.split(sizes), strict=True)
        named = {name: piece.view(shape) for (name, shape), piece in pieces}
        return objective.loss(objective.outputs(named, inputs), targets).mean()

    row = torch.cat([tensor.flatten() for tensor in objective.parameters.values()])
    ends = torch.tensor([0, *sizes]).cumsum(0).tolist()
    places = {n: slice(a, b) for n, a, b in zip(shapes, ends[:-1], ends[1:], strict=True)}
    return torch.autograd.functional.hessian(mean_loss, row), places


def jacobian(objective: Objective) -> dict[str, Tensor]:
    """∂z_ik/∂θ by parameter, [N, K, *shape]."""
    leaves = {name: t.clone().requires_grad_() for name, t in objective.parameters.items()}
    logits = objective.outputs(leaves, objective.inputs.double())
    slopes = [
        torch.autograd.grad(logit, list(leaves.values()), retain_graph=True)
        for logit in logits.flatten()
    ]
    columns = zip(leaves, zip(*slopes, strict=True), strict=True)
    return {name: torch.stack(rows).unflatten(0, logits.shape) for name, rows in columns}


def kappa_of(objective: Objective, layer: str, hessian: Tensor, places: dict[str, slice]) -> float:
    """Σ_st ⟨w_s, w_t⟩ Tr H_st from the full Hessian, over pairs of rows of one group."""
    module = objective.model.get_submodule(layer)
    weight = objective.parameters[f"{layer}.weight"].flatten(1)
    rows, columns = weight.shape
    place = places[f"{layer}.weight"]
    block = hessian[place, place].view(rows, columns, rows, columns)
    traces = torch.einsum("sjtj->st", block)
    group = torch.arange(rows) // (rows // getattr(module, "groups", 1))
    return float((weight @ weight.T * traces)[group[:, None] == group].sum())


def moved(objective: Objective, **changes: Tensor) -> Objective:
    """The same at other parameters."""
    arguments = (objective.inputs, objective.labels, objective.loss)
    return Objective(objective.model, objective.parameters | changes, *arguments)


def saturated(mean_loss: float) -> Objective:
    """An MLP in float32 that is right on all samples, its head scaled to that mean loss."""
    of = objective(seed=4, scale=3.0)
    of.labels = of.logits().argmax(1)

    def at(scale: float) -> dict[str, Tensor]:
        head = {n: scale * t if n[0] == "4" else t for n, t in of.parameters.items()}
        return {n: t.float() for n, t in head.items()}

    low, high = 0.0, 1e6
    for _ in range(40):
        middle = (low + high) / 2
        above = of.value({n: t.double() for n, t in at(middle).items()}) > mean_loss
        low, high = (middle, high) if above else (low, middle)
    return moved(of, **at(high))
