"""The program that all extractions share: it measures a pack's checkpoints and writes a file.

    python -m scripts.extract.<family> --checkpoints results/packs/P/checkpoints \
        --data results/data/digits.safetensors --output results/packs/P/<family>.parquet

The file has one row for each run and step.
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from latephase.datasets import stored
from latephase.measuring.over_checkpoints import Measure, rows
from latephase.progress import Progress
from latephase.runs import code_digest, own_code, parts
from latephase.runs.spec import pack_id
from latephase.storage import checkpoints, parquet
from scripts import device


def main(
    doc: str,
    module: str,
    measuring: Callable[..., Measure],
    argv: list[str] | None = None,
    inputs: Sequence[str] = (),
    named: Sequence[str] = (),
) -> None:
    """Measure a pack.

    ``doc`` and ``module`` are the program's docstring and its dotted name. ``measuring(data,
    *files)`` returns the function that measures a snapshot on a data set. ``inputs`` are further
    options; each takes a file. ``named`` are modules that the program loads by their names.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder of a pack")
    parser.add_argument("--data", type=Path, required=True)
    for name in inputs:
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--device", type=device.of_torch, default="cpu")
    parser.add_argument("--code", help="digest of the code as planned; other code is refused")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(args.threads)
    saved = checkpoints.steps_in(args.checkpoints)
    pack = checkpoints.read(saved[0][1])[1]["pack"]
    modules = [module, *named, *parts.modules(pack["common"])]
    code_digest.hold(args.code, modules, code_digest.ROOT)
    entry = parts.arguments(pack["common"]["data"])
    data = stored.load(args.data, **entry, device=args.device)
    title = f"{args.output.stem}, {pack_id(pack)}"
    progress = Progress(title, "checkpoint", 0, len(saved), len(pack["runs"]))
    measured = []
    # Parts and metrics may be the user's own.
    with own_code.lines_of([*named, *parts.modules(pack["common"])]):
        measure = measuring(data, *(getattr(args, name) for name in inputs))
        for row in rows(args.checkpoints, pack, data, args.device, measure):
            measured.append(row)
            progress.tick(1)
    code_digest.hold(args.code, modules, code_digest.ROOT)
    parquet.write_rows(args.output, measured)
