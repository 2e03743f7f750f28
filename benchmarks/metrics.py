"""Measure what the metrics cost, as ratios of times in one run, on one thread.

    python -m benchmarks.metrics

- κ_Tr of the last layer, with N = 10,000, d = 512 and K = 10: the closed form is compared with a
  loop that computes the full Hessian of the last layer by autograd, one of its K·d rows at a time
  (timed on a few rows).
- All metrics of neural collapse together, at the same sizes, are compared with the usual way: Σ_W
  and Σ_B as d × d matrices and a pseudo-inverse, which gives NC1 alone.
- κ_Tr of every layer of a 784-200-200-10 network on 1,000 samples is compared with one full-batch
  gradient for each class.
- The exact trace of its Hessian is compared with Hutchinson's estimate at a standard error of 1 %.
- The time of an extraction, with its forward passes, is divided by the time of these alone: for
  each family, and for all four, at one checkpoint. The networks are zhao2026's ResNet9 (10,000
  training and 10,000 test images, d = 512; its forward pass is timed on a part of them) and
  sakamoto2026's MLP (1,000 and 10,000).
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

from latephase.datasets import stored
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.collapse.family import collapse_metrics
from latephase.metrics.curvature.hessian_traces import trace_metrics
from latephase.metrics.curvature.mean_loss import Objective
from latephase.metrics.flatness.family import flatness_metrics, relative_flatness
from latephase.parts.losses.cross_entropy import per_sample
from latephase.parts.network import build_model
from latephase.parts.network import features as features_of

SAMPLES, DIMENSION, CLASSES = 10_000, 512, 10
ROWS = 8  # so many of the full Hessian's 5,120 rows are timed


def seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def last_layer() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features of ten noisy classes, labels, weight and bias, float32."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(SAMPLES) % CLASSES
    means = torch.randn(CLASSES, DIMENSION, generator=generator)
    noise = torch.randn(SAMPLES, DIMENSION, generator=generator)
    weight = means / DIMENSION**0.5 + 0.01 * torch.randn(CLASSES, DIMENSION, generator=generator)
    return means[labels] + noise, labels, weight, torch.zeros(CLASSES)


def hessian_rows(features, labels, weight, rows: int) -> None:
    """Compute the first rows of the last layer's Hessian in a loop."""
    weight = weight.clone().requires_grad_()
    loss = nn.functional.cross_entropy(features @ weight.T, labels)
    (slope,) = torch.autograd.grad(loss, weight, create_graph=True)
    for entry in slope.flatten()[:rows]:
        torch.autograd.grad(entry, weight, retain_graph=True)


def nc1_by_matrices(features, labels) -> torch.Tensor:
    """NC1 from the covariance matrices themselves, in float64."""
    features = features.double()
    means = torch.stack([features[labels == label].mean(0) for label in range(CLASSES)])
    deviations, centred = features - means[labels], means - means.mean(0)
    within = deviations.T @ deviations / len(features)
    between = centred.T @ centred / CLASSES
    return torch.trace(within @ torch.linalg.pinv(between, hermitian=True)) / CLASSES


def network() -> Objective:
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, CLASSES))
    )
    inputs, labels = torch.rand(1000, 784), torch.arange(1000) % CLASSES
    return Objective(model, dict(model.named_parameters()), inputs, labels, per_sample)


def gradient_a_class(objective: Objective) -> None:
    """A full-batch gradient of each class's logit, in float64 like the metric it is compared to."""
    parameters = {n: t.detach().requires_grad_() for n, t in objective.parameters.items()}
    for label in range(CLASSES):
        logits = objective.outputs(parameters, objective.inputs.double())
        torch.autograd.grad(logits[:, label].sum(), list(parameters.values()))


def hutchinson(objective: Objective, probes: int) -> tuple[float, float]:
    """Mean and standard deviation of vᵀHv over random signs v."""
    generator = torch.Generator().manual_seed(0)
    product = objective.hessian_product()
    values = []
    for _ in range(probes):
        signs = {
            name: 2.0 * torch.randint(2, t.shape, generator=generator).to(t) - 1
            for name, t in objective.parameters.items()
        }
        curved = product(signs)
        values.append(sum(float((signs[name] * curved[name]).sum()) for name in signs))
    return statistics.mean(values), statistics.stdev(values)


def measure(rounds: int) -> dict[str, list[float]]:
    """The seconds of every contender. In each round, all are measured in turn."""
    features, labels, weight, bias = last_layer()
    logits = features.double() @ weight.double().T
    objective, probes = network(), 20
    mean, deviation = hutchinson(objective, 100)
    needed = (deviation / (0.01 * mean)) ** 2
    contenders = {
        "kappa, closed form": (
            lambda: relative_flatness(features, logits, weight, "cross_entropy"),
            1,
        ),
        "flatness, all metrics": (
            lambda: flatness_metrics(features, logits, weight, "cross_entropy"),
            1,
        ),
        "kappa, loop over the Hessian": (
            lambda: hessian_rows(features, labels, weight, ROWS),
            CLASSES * DIMENSION / ROWS,
        ),
        "collapse, all metrics": (lambda: collapse_metrics(features, labels, weight, bias), 1),
        "NC1 alone, by matrices": (lambda: nc1_by_matrices(features, labels), 1),
        "every layer's kappa and Tr H": (
            lambda: trace_metrics(objective, torch.Generator().manual_seed(0)),
            1,
        ),
        "a gradient a class": (lambda: gradient_a_class(objective), 1),
        "Hutchinson at 1 %": (lambda: hutchinson(objective, probes), needed / probes),
    }
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, (function, factor) in contenders.items():
            times[name].append(seconds(function) * factor)
    return times


NETWORKS = {
    # model, shape of an input, training and test images, images whose forward pass is timed
    "MLP": ({"name": "mlp", "widths": [200, 200, 200]}, [1, 28, 28], 1000, 10_000, 10_000),
    "ResNet9": ({"name": "resnet9"}, [1, 32, 32], 10_000, 10_000, 512),
}


def extractions(network: str, rounds: int) -> dict[str, float]:
    """The median time of a family's extraction over that of its forward passes; also for all."""
    entry, shape, train, test, timed = NETWORKS[network]
    torch.manual_seed(0)
    sizes, data = {"train": train, "test": test}, {}
    for split, size in sizes.items():
        data[f"{split}_inputs"] = torch.rand(size, *shape)
        data[f"{split}_labels"] = torch.arange(size) % CLASSES
    data = stored.Data(**data, classes=CLASSES, header={"shape": shape, "classes": CLASSES})
    spec = {"model": entry, "seed": 0, "loss": {"name": "cross_entropy", "reduction": "mean"}}
    model = build_model(spec, data.header)
    tensors = {name: t.detach() for name, t in (*model.named_parameters(), *model.named_buffers())}
    needs = {"collapse": sizes, "nc0": {}, "flatness": ["train"], "information": ["test"]}
    prepared = {
        family: import_module(f"scripts.extract.{family}").measuring(data) for family in needs
    }
    found = {name: [] for name in (*needs, "all four")}
    for _ in range(rounds):
        total = {"forward": 0.0, "all": 0.0}
        for family, splits in needs.items():
            snapshot = Snapshot(spec, model, tensors, data)
            forward = 0.0
            for split in splits:
                inputs = getattr(data, f"{split}_inputs")
                part = inputs[: min(timed, len(inputs))]
                one = seconds(lambda: features_of(model, tensors, part))  # noqa: B023
                forward += one * len(inputs) / len(part)
                # The features are noise, because real features would take minutes.
                width = snapshot.weight.shape[1]
                snapshot._features[split] = torch.rand(len(inputs), width).mul_(2)
            measured = seconds(lambda: prepared[family](snapshot))  # noqa: B023
            found[family].append((forward + measured) / forward if splits else 1.0)
            total["forward"] += forward
            total["all"] += forward + measured
        found["all four"].append(total["all"] / total["forward"])
    return {family: statistics.median(ratios) for family, ratios in found.items()}


RATIOS = (
    ("kappa, loop over the Hessian", "kappa, closed form"),
    ("NC1 alone, by matrices", "collapse, all metrics"),
    ("every layer's kappa and Tr H", "a gradient a class"),
    ("Hutchinson at 1 %", "every layer's kappa and Tr H"),
)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    measure(1)  # warm up
    times = measure(args.rounds)
    for name, found in times.items():
        print(f"{name:32}{1000 * statistics.median(found):12.1f} ms")
    ratios = {}
    for above, below in RATIOS:
        pairs = zip(times[above], times[below], strict=True)
        ratios[f"{above} / {below}"] = statistics.median(a / b for a, b in pairs)
    for name, ratio in ratios.items():
        print(f"{name:66}{ratio:10.3g}")
    taken = {network: extractions(network, args.rounds) for network in NETWORKS}
    for network, families in taken.items():
        for family, ratio in families.items():
            print(f"{f'extraction of {family} / its forward passes, {network}':66}{ratio:10.3g}")
    if args.json:
        args.json.write_text(json.dumps({"seconds": times, "ratios": ratios, "taken": taken}))


if __name__ == "__main__":
    main()
