"""Measure the training engine's speed, compared with plain loops and with what a core can do.

    python -m benchmarks.training                    the paper's MLP, 784-200-200-200-10
    python -m benchmarks.training --model digits     the quick study's, 64-100-100-10

Everything runs on one core, with batches of 100 of 1000 random uint8 images, AdamW and the summed
squared error, for packs of 1, 6 and 30 runs. The engine is ``Trainer.advance``, called as the
pipeline calls it between two checkpoints:

serial    one run after the other, with the gradient that the model writes out;
batched   all runs of the pack at each step, along a run axis (vmap), as on an accelerator.

It is compared with:

(a)  the loop that a user would write today, one run at a time: a DataLoader over a data set that
     converts and normalises image by image (the steps of torchvision's MNIST, ToTensor and
     Normalize), an nn.Module, autograd, and torch.optim.AdamW with its defaults;
(b)  the best plain loop, one run at a time: tensors in memory, indexed by batch, and fused AdamW;
(c)  a bound: the time of the step's matrix products alone, at the rate at which this core
     multiplies square float32 matrices of 1024 rows.

How to read it: a step of one run counts as one run-step, so one step of a pack of 30 counts as 30.
``x (a)`` and ``x (b)`` say how many times faster the engine is than these loops. ``of (c)`` is the
share of the bound that the engine reaches. In each round, each contender is measured in turn, and a
ratio compares measurements of one round. The table has its median over the rounds and, in brackets,
its smallest and largest value. Compare ratios, not rates, because a rate depends on the machine and
on its other work. The time is the CPU time of the process. The work has one thread and never waits,
so on a core of its own this is the time on the clock. On a shared core, it does not include the
time of other processes, but it does include their effect on the caches.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader, Dataset

from latephase.datasets.stored import Data
from latephase.parts.models import mlp
from latephase.training.trainer import Trainer

MODELS = {
    "paper": {"side": 28, "widths": [200, 200, 200]},
    "digits": {"side": 8, "widths": [100, 100]},
}
CLASSES, SAMPLES, BATCH = 10, 1000, 100
MEAN, STD = 0.1307, 0.3081
ADAMW = {"lr": 1e-3, "weight_decay": 0.1}
GEMM_SIDE, GEMM_REPEATS = 1024, 5
RATIOS = ("x (a)", "x (b)", "of (c)")
clock = time.process_time


@dataclass
class Contender:
    """Something that takes steps: ``advance(n)`` takes ``n`` steps of ``pack`` runs."""

    name: str
    pack: int
    advance: Callable[[int], None]
    rates: list[float] = field(default_factory=list)  # run-steps/s, one for each round


class Images(Dataset):
    """uint8 images [N, side, side]. Each is made a float tensor when it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        # torchvision.datasets.MNIST gives a PIL image.
        image, label = Image.fromarray(self.images[i].numpy()), int(self.labels[i])
        # transforms.ToTensor makes a tensor [1, side, side] in [0, 1] from it.
        array = np.array(image, copy=True)[:, :, None]
        x = torch.from_numpy(array.transpose(2, 0, 1)).contiguous().to(torch.float32).div(255)
        # transforms.Normalize shifts and scales a copy.
        mean, std = torch.as_tensor([MEAN]), torch.as_tensor([STD])
        return x.clone().sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1)), label


def loop(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Iterator) -> Callable:
    """A plain training loop over batches of inputs and one-hot targets."""

    def advance(steps: int) -> None:
        for x, targets in islice(batches, steps):
            loss = nn.functional.mse_loss(model(x), targets, reduction="sum")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return advance


def dataloader_loop(images: Tensor, labels: Tensor, model: nn.Module) -> Callable[[int], None]:
    """(a): the loop that a user would write today."""
    loader = DataLoader(Images(images, labels), batch_size=BATCH, shuffle=True)
    batches = ((x, one_hot(y, CLASSES).float()) for _ in count() for x, y in loader)
    return loop(model, torch.optim.AdamW(model.parameters(), **ADAMW), batches)


def plain_loop(inputs: Tensor, labels: Tensor, sizes: list[int]) -> Callable[[int], None]:
    """(b): the best plain loop. All data are in memory before the first step."""
    layers = [layer for m, n in pairwise(sizes) for layer in (nn.Linear(m, n), nn.ReLU())][:-1]
    model = nn.Sequential(*layers)
    inputs, targets = inputs.flatten(1), one_hot(labels, CLASSES).float()
    orders = (torch.randperm(len(inputs)).split(BATCH) for _ in count())
    batches = ((inputs[index], targets[index]) for order in orders for index in order)
    return loop(model, torch.optim.AdamW(model.parameters(), **ADAMW, fused=True), batches)


class Batched(Trainer):
    """The engine as on an accelerator: all runs of a pack take each step together."""

    def __init__(self, *args):
        super().__init__(*args)
        self.serial = False


def engine(trainer: type[Trainer], runs: int, data: Data, widths: list[int]) -> Callable:
    """The project's engine on a pack of ``runs`` seeds."""
    common = {
        "model": {"name": "mlp", "widths": widths, "init_scale": 8.0},
        "loss": {"name": "mse", "reduction": "sum"},
        "optimizer": {"name": "adamw", **ADAMW, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        "batch_size": BATCH,
        "data": {"name": "random"},
        "steps": 10**9,
    }
    pack = trainer({"common": common, "runs": [{"seed": seed} for seed in range(runs)]}, data)
    state = pack.initial()
    return lambda steps: pack.advance(state, state.step + steps)


def contenders(side: int, widths: list[int], packs: list[int]) -> list[Contender]:
    """Everything that is measured. Each contender has its own network and state."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (SAMPLES, side, side), generator=generator, dtype=torch.uint8)
    labels = torch.randint(CLASSES, (SAMPLES,), generator=generator)
    inputs = images.unsqueeze(1).float().div(255).sub(MEAN).div(STD)
    header = {"shape": [1, side, side], "classes": CLASSES}
    data = Data(inputs, labels, inputs, labels, CLASSES, header)
    model = mlp.Model([1, side, side], CLASSES, widths)
    sizes = [side * side, *widths, CLASSES]
    several = [runs for runs in packs if runs > 1]  # a pack of one run is never batched
    return [
        Contender("(a) DataLoader, AdamW", 1, dataloader_loop(images, labels, model)),
        Contender("(b) tensors, fused AdamW", 1, plain_loop(inputs, labels, sizes)),
        *(Contender("serial", runs, engine(Trainer, runs, data, widths)) for runs in packs),
        *(Contender("batched", runs, engine(Batched, runs, data, widths)) for runs in several),
    ]


def step_flops(sizes: list[int]) -> int:
    """Floating-point operations of the matrix products in a step of one run.

    A product of [m, k] by [k, n] takes 2 m k n. In each layer, the forward pass and the weight
    gradient take one product each. The input gradient takes one in each layer except the first.
    """
    products = [2 * BATCH * m * n for m, n in pairwise(sizes)]
    return 3 * sum(products) - products[0]


def gemm_rate() -> float:
    """This core's floating-point operations per second in square float32 matrix products."""
    left, right = torch.randn(2, GEMM_SIDE, GEMM_SIDE)
    out = torch.empty_like(left)
    torch.mm(left, right, out=out)
    start = clock()
    for _ in range(GEMM_REPEATS):
        torch.mm(left, right, out=out)
    return GEMM_REPEATS * 2 * GEMM_SIDE**3 / (clock() - start)


def measure(entries: list[Contender], rounds: int, steps: int) -> list[float]:
    """Measure the contenders' rates in each round. Returns the GEMM rate of each round."""
    for entry in entries:
        entry.advance(SAMPLES // BATCH)
    gemm = []
    for _ in range(rounds):
        gemm.append(gemm_rate())
        for entry in entries:
            taken = steps * max(1, 6 // entry.pack)  # more for small packs, which are fast
            start = clock()
            entry.advance(taken)
            entry.rates.append(taken * entry.pack / (clock() - start))
    return gemm


def ratios(values: list[float], references: list[float]) -> dict[str, float]:
    """The median, the smallest and the largest ratio over the rounds."""
    each = [a / b for a, b in zip(values, references, strict=True)]
    return {"median": statistics.median(each), "min": min(each), "max": max(each)}


def table(entries: list[Contender], bound: list[float]) -> list[dict]:
    """One row for each contender, from its rates."""
    references = dict(zip(RATIOS, (entries[0].rates, entries[1].rates, bound), strict=True))
    return [
        {"contender": entry.name, "pack": entry.pack, "run-steps/s": statistics.median(entry.rates)}
        | {name: ratios(entry.rates, rates) for name, rates in references.items()}
        for entry in entries
    ]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Run-steps a second of the training engine.")
    parser.add_argument("--model", choices=MODELS, default="paper")
    parser.add_argument("--packs", type=int, nargs="+", default=[1, 6, 30], metavar="RUNS")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60, help="of a pack, in a round")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in a training; here it also helps the plain loops
    side, widths = MODELS[args.model].values()
    sizes = [side * side, *widths, CLASSES]
    entries = contenders(side, widths, args.packs)
    gemm = measure(entries, args.rounds, args.steps)
    rows = table(entries, [rate / step_flops(sizes) for rate in gemm])
    facts = {
        "model": "-".join(map(str, sizes)),
        "torch": torch.__version__,
        "cores_visible": len(os.sched_getaffinity(0)),
        "rounds": args.rounds,
        "mflop_per_run_step": step_flops(sizes) / 1e6,
        "gemm_gflop_per_second": statistics.median(gemm) / 1e9,
    }
    print(
        "MLP {model}, torch {torch}, one thread ({cores_visible} cores visible), {rounds} rounds\n"
        "(c): {mflop_per_run_step:.1f} MFLOP a run-step at {gemm_gflop_per_second:.0f} GFLOP/s\n"
        "\ncontender                pack  run-steps/s".format(**facts)
        + "".join(f"{name:>22}" for name in RATIOS)
    )
    for row in rows:
        cells = ["{median:.2f} ({min:.2f}-{max:.2f})".format(**row[name]) for name in RATIOS]
        print("{contender:<25}{pack:>4}{run-steps/s:>13.0f}".format(**row), end="")
        print("".join(f"{cell:>22}" for cell in cells))
    if args.json:
        args.json.write_text(json.dumps(facts | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
