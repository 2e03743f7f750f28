"""Convert the checkpoints of a run that other code trained to ours, and write its history.

    python -m scripts.convert_checkpoints --pack '{"common": …, "runs": …}' \
        --data results/data/digits.safetensors --checkpoints results/packs/P/checkpoints \
        --history results/packs/P/history.parquet --timing results/packs/P/timing.json

``--pack -`` reads the pack from standard input (:mod:`scripts.given`). The program reads the files
in the folder that the pack names. They must have the same content as when the pack was planned.
"""

import argparse
import logging
import os
import shutil
import time
from pathlib import Path

import torch

from latephase.datasets import stored
from latephase.errors import UserError, reporting
from latephase.measuring.conversion import convert
from latephase.progress import Progress
from latephase.runs import code_digest, outside, parts, spec
from latephase.runs.history import DIVERGED_AT, HISTORY
from latephase.storage import parquet
from scripts import device, given, timing


def files_of(run: spec.Spec) -> list[tuple[int, Path]]:
    """The steps and files of a run's checkpoints. Raises UserError if they are not as planned."""
    entry = run["checkpoints"]
    files = outside.files(entry["folder"], entry["pattern"])
    if outside.content(files) != entry["content"]:
        raise UserError(
            f"{entry['folder']}: other checkpoints than when they were planned; run again"
        )
    return files


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pack", type=given.from_json, required=True, help="the pack, as JSON")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--timing", type=Path, required=True)
    parser.add_argument("--device", type=device.of_torch, default="cpu")
    parser.add_argument("--code", help="digest of the code as planned; other code is refused")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(args.threads)
    pack = args.pack
    modules = ["scripts.convert_checkpoints", *parts.modules(pack["common"])]
    code_digest.hold(args.code, modules, code_digest.ROOT)
    data = stored.load(args.data, **parts.arguments(pack["common"]["data"]), device=args.device)
    files = files_of(spec.runs_of(pack)[0])
    part, began, rows = args.checkpoints.with_suffix(".part"), time.monotonic(), []
    shutil.rmtree(part, ignore_errors=True)
    progress = Progress(f"convert, {spec.pack_id(pack)}", "checkpoint", 0, len(files), 1)
    for row in convert(pack, data, files, part, args.device):
        rows.append(row)
        progress.tick(1)
    code_digest.hold(args.code, modules, code_digest.ROOT)
    files_of(spec.runs_of(pack)[0])  # checked again, as a training may still be writing them
    seconds = time.monotonic() - began
    parquet.write_rows(args.history, rows, [*HISTORY, DIVERGED_AT])
    # There are 0 steps, because nothing was trained here.
    timing.write(args.timing, seconds, 0, args.device, args.threads)
    shutil.rmtree(args.checkpoints, ignore_errors=True)
    os.replace(part, args.checkpoints)


if __name__ == "__main__":
    with reporting():
        main()
