"""Measure the memory that each family of metrics takes at one checkpoint, on made-up features.

    python -m benchmarks.memory --samples 32000 128000

There are K classes, N samples for training and N/25 for testing, and d features. By default K is
ImageNet's 1,000 and d is ResNet50's 2,048. Each number is the peak memory of a separate process,
minus the memory that the process had before, for its code and the test images. The last number of a
row is the growth from the smallest N to the largest, in bytes for each sample.
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn

from latephase.datasets.stored import Data
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.families import FAMILIES

TEST_SHARE = 25
SIDE = 8  # of a test image; nHSIC compares these
SPEC = {"loss": {"name": "cross_entropy"}}


class MadeUp:
    """Features [N, d] in the place of a split's inputs. They are made one block at a time."""

    def __init__(self, samples: int, means: Tensor):
        self.samples, self.means = samples, means

    def __len__(self) -> int:
        return self.samples

    def split(self, size: int) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(0)
        for start in range(0, self.samples, size):
            labels = torch.arange(start, min(start + size, self.samples)) % len(self.means)
            noise = torch.randn(len(labels), self.means.shape[1], generator=generator)
            yield (self.means[labels] + noise).relu()


class Head(nn.Module):
    """A network that has only a last layer. Its inputs are the features."""

    def __init__(self, means: Tensor):
        super().__init__()
        self.head = nn.Linear(means.shape[1], len(means))

    def features(self, x: Tensor) -> Tensor:
        return x


class MadeUpSnapshot(Snapshot):
    """A snapshot with made-up splits and small test images."""

    def __init__(self, samples: int, units: int, classes: int):
        torch.manual_seed(0)
        means = torch.randn(classes, units)
        tests = samples // TEST_SHARE
        labels = [torch.arange(n) % classes for n in (samples, tests)]
        images = torch.rand(tests, 3, SIDE, SIDE)
        self.shown = Data(images, labels[0], images, labels[1], classes, {})
        splits = [MadeUp(n, means) for n in (samples, tests)]
        held = Data(splits[0], labels[0], splits[1], labels[1], classes, {})
        model = Head(means)
        tensors = {name: tensor.detach() for name, tensor in model.named_parameters()}
        super().__init__(SPEC, model, tensors, held)


def peak() -> int:
    """The peak memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(family: str, samples: int, units: int, classes: int) -> int:
    """The bytes that a family takes in this process, including the features."""
    torch.set_num_threads(1)
    snapshot = MadeUpSnapshot(samples, units, classes)
    before = peak()
    import_module(f"scripts.extract.{family}").measuring(snapshot.shown)(snapshot)
    return peak() - before


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[32_000, 128_000])
    parser.add_argument("--units", type=int, default=2048)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--one", action="store_true", help="print the bytes of one family and N")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    if args.one:
        print(measured(args.families[0], args.samples[0], args.units, args.classes))
        return
    rows = []
    for family in args.families:
        row = {"family": family}
        for samples in args.samples:
            given = {"families": family, "samples": samples}
            given |= {"units": args.units, "classes": args.classes}
            words = [f"--{name}={value}" for name, value in given.items()]
            call = [sys.executable, "-m", "benchmarks.memory", "--one", *words]
            row[str(samples)] = int(subprocess.run(call, capture_output=True, check=True).stdout)
        few, many = min(args.samples), max(args.samples)
        if many > few:
            row["a sample"] = (row[str(many)] - row[str(few)]) / (many - few)
        rows.append(row)
        told = [f"{n:,}: {row[str(n)] / 1e9:.2f} GB" for n in args.samples]
        told += [f"{row['a sample']:,.0f} bytes a sample"] if "a sample" in row else []
        print(f"{family:12} {'   '.join(told)}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
