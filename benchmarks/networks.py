"""Measure how fast the engine trains convolutional networks and transformers, and a plain loop.

    python -m benchmarks.networks                         the small CNN and ResNet9
    python -m benchmarks.networks --models vgg9 vit       others

Both train one run on one thread, with batches of 128 random images, SGD with momentum and
cross-entropy. The engine is ``Trainer.advance``, called as the pipeline calls it on a CPU. The
plain loop is what a user would write: the module itself (``nn.TransformerEncoderLayer`` for the
Transformer), tensors in memory that are indexed by batch, autograd, and ``torch.optim.SGD``. In
each round, each of the two is measured in turn. ``x plain`` says how many times faster the engine
is than the loop of the same round: the median over rounds and, in brackets, the smallest and the
largest value. Compare ratios, not rates. ``benchmarks/training.py`` says which time is measured.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.training import clock, ratios
from latephase.datasets.stored import Data
from latephase.parts.models.grok_transformer import sinusoids
from latephase.parts.network import build_model
from latephase.training.trainer import Trainer

MODELS = {  # its entry in a spec, the shape of its inputs, the steps of a round
    "cnn": ({"name": "cnn", "widths": [16, 32]}, [1, 28, 28], 20),
    "resnet9": ({"name": "resnet9"}, [1, 32, 32], 1),
    "vgg9": ({"name": "vgg9"}, [1, 32, 32], 2),
    "vgg11": ({"name": "vgg11"}, [1, 32, 32], 2),
    "vit": ({"name": "vit"}, [3, 32, 32], 1),
    "conv_mlp": ({"name": "conv_mlp", "channels": [16, 32]}, [1, 28, 28], 10),
    "transformer": ({"name": "transformer"}, [1, 28, 28], 20),
    "resnet18": ({"name": "resnet18"}, [3, 32, 32], 1),
    "grok_transformer": ({"name": "grok_transformer"}, [6], 5),
}
CLASSES, TOKENS, SAMPLES, BATCH = 10, 239, 512, 128
SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}


def engine(model: dict, data: Data) -> Callable[[int], None]:
    """The project's engine on a pack of one run."""
    common = {
        "model": model,
        "loss": {"name": "cross_entropy", "reduction": "mean"},
        "optimizer": {"name": "sgd", **SGD},
        "batch_size": BATCH,
        "data": {"name": "random"},
        "steps": 10**9,
    }
    trainer = Trainer({"common": common, "runs": [{"seed": 0}]}, data)
    state = trainer.initial()
    return lambda steps: trainer.advance(state, state.step + steps)


class PlainTransformer(nn.Module):
    """The Transformer of sakamoto2026, as one would write it with torch's own layer."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Conv2d(1, 128, 4, stride=4)
        self.token = nn.Parameter(torch.randn(1, 1, 128))
        self.positions = nn.Parameter(torch.zeros(1, 50, 128))
        self.layer = nn.TransformerEncoderLayer(128, 4, 256, 0.0, batch_first=True)
        self.head = nn.Linear(128, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = self.embedding(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), patches], 1) + self.positions
        return self.head(self.layer(tokens)[:, 0])


class PlainDecoder(nn.Module):
    """The decoder of OpenAI's grok code, as one would write it with torch's own layers.

    Its outputs are the logits at the last two places, side by side like two samples.
    """

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, 128)
        layer = nn.TransformerEncoderLayer(128, 4, 512, 0.0, batch_first=True, bias=False)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(128, TOKENS, bias=False)
        self.register_buffer("positions", sinusoids(6, 128))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embedding(x) + self.positions
        return self.head(self.layers(x, self.mask, is_causal=True))[:, -2:].transpose(1, 2)


PLAIN = {"transformer": PlainTransformer, "grok_transformer": PlainDecoder}


def plain_loop(model: dict, data: Data) -> Callable[[int], None]:
    """The loop that a user would write."""
    inputs, labels = data.train_inputs, data.targets("train")
    written = PLAIN.get(model["name"])
    network = written() if written else build_model({"model": model}, data.header)
    optimizer = torch.optim.SGD(network.parameters(), **SGD)
    orders = (torch.randperm(len(inputs)).split(BATCH) for _ in count())
    batches = (index for order in orders for index in order)

    def advance(steps: int) -> None:
        for index in islice(batches, steps):
            optimizer.zero_grad()
            cross_entropy(network(inputs[index]), labels[index]).backward()
            optimizer.step()

    return advance


def measure(name: str, rounds: int) -> dict:
    """The steps per second of both, and their ratio over the rounds."""
    model, shape, steps = MODELS[name]
    if len(shape) == 1:  # tokens of an equation with its answer; the end comes after these
        inputs = torch.randint(TOKENS, (SAMPLES, *shape))
        header = {"shape": shape, "classes": TOKENS, "vocabulary": TOKENS, "after": 0}
        data = Data(inputs, inputs[:, -1], inputs, inputs[:, -1], TOKENS, header)
    else:
        inputs, labels = torch.randn(SAMPLES, *shape), torch.randint(CLASSES, (SAMPLES,))
        header = {"shape": shape, "classes": CLASSES}
        data = Data(inputs, labels, inputs, labels, CLASSES, header)
    contenders = engine(model, data), plain_loop(model, data)
    rates = [], []
    for advance in contenders:
        advance(1)
    for _ in range(rounds):
        for advance, found in zip(contenders, rates, strict=True):
            start = clock()
            advance(steps)
            found.append(steps / (clock() - start))
    medians = dict(zip(("engine", "plain"), map(statistics.median, rates), strict=True))
    return {"model": name, "side": shape[-1]} | medians | {"x plain": ratios(*rates)}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Steps a second of convolutional networks.")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["cnn", "resnet9"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in a training; here it also helps the plain loop
    print("model             side  engine, steps/s  plain, steps/s             x plain", flush=True)
    rows = []
    for name in args.models:
        rows.append(row := measure(name, args.rounds))
        cell = "{median:.2f} ({min:.2f}-{max:.2f})".format(**row["x plain"])
        line = "{model:<17}{side:>5}{engine:>17.2f}{plain:>16.2f}".format(**row)
        print(f"{line}{cell:>20}", flush=True)
    if args.json:
        args.json.write_text(
            json.dumps({"torch": torch.__version__, "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
