"""Train a pack of runs and write its checkpoints and history.

    python -m scripts.train --pack '{"common": …, "runs": …}' \
        --data results/data/digits.safetensors \
        --scratch scratch/P --checkpoints results/packs/P/checkpoints \
        --history results/packs/P/history.parquet --timing results/packs/P/timing.json

``--pack -`` reads the pack from standard input (:mod:`scripts.given`). The program writes one
checkpoint after the other to the scratch folder. If it is killed at any moment and called again, it
continues from there, and makes the same bytes. If SIGTERM, SIGINT (Ctrl-C) or a closed terminal
asks it to end, it saves its state first, and exits with status 143. At the end, the results are
renamed into place.
"""

import argparse
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from latephase.datasets import stored
from latephase.errors import reporting
from latephase.runs import code_digest, own_code, parts, spec
from latephase.runs.history import DIVERGED_AT, HISTORY
from latephase.storage import parquet
from latephase.storage.lock import alone
from latephase.training import teachable, trainer
from scripts import device, given, timing


@contextmanager
def stop_asked_by(*numbers: signal.Signals) -> Iterator[threading.Event]:
    """An event that signals set. They come from the user, or from a scheduler before a limit."""
    event = threading.Event()
    # A signal that is ignored stays ignored, such as SIGHUP under nohup. SIGTERM is an exception.
    # The shell of a rule ignores it, in order to live longer than this program, which must heed it.
    heeded = [
        number
        for number in numbers
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = [signal.signal(number, lambda *_: event.set()) for number in heeded]
    try:
        yield event
    finally:
        for number, handler in zip(heeded, before, strict=True):
            signal.signal(number, handler)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pack", type=given.from_json, required=True, help="the pack, as JSON")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--parents", type=Path, nargs="*", default=[], help="checkpoints from which runs fork"
    )
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--timing", type=Path, required=True)
    parser.add_argument("--device", type=device.of_torch, default="cpu")
    parser.add_argument("--code", help="digest of the code as planned; other code is refused")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)

    torch.set_num_threads(args.threads)
    hold_code(args)
    common = args.pack["common"]
    with own_code.lines_of(parts.modules(common)):
        train(args)


def train(args: argparse.Namespace) -> None:
    """Train the pack, or continue its training, and put the results in place."""
    data = stored.load(args.data, **parts.arguments(args.pack["common"]["data"]))
    teachable.check(args.pack["common"]["data"]["name"], data)
    with (
        alone(args.scratch),
        stop_asked_by(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as stop,
    ):
        folder, rows, seconds = trainer.train(
            args.pack, data, args.scratch, args.device, args.parents, halted=stop.is_set
        )
        put_in_place(args, folder, rows, seconds)


def hold_code(args: argparse.Namespace) -> None:
    """Refuse to train, or to keep results, if the code is not the planned one."""
    modules = ["scripts.train", *parts.modules(args.pack["common"])]
    code_digest.hold(args.code, modules, code_digest.ROOT)


def put_in_place(args: argparse.Namespace, folder: Path, rows: list[dict], seconds: float) -> None:
    """Give the results their final names."""
    # If this fails, the training stays in the scratch folder. It is used if the edit is undone.
    hold_code(args)
    args.checkpoints.parent.mkdir(parents=True, exist_ok=True)
    common = args.pack["common"]
    run_steps = (common["steps"] - spec.first_step(common)) * len(args.pack["runs"])
    parquet.write_rows(args.history, rows, [*HISTORY, DIVERGED_AT])
    timing.write(args.timing, seconds, run_steps, args.device, args.threads)
    shutil.rmtree(args.checkpoints, ignore_errors=True)
    os.replace(folder, args.checkpoints)
    shutil.rmtree(args.scratch)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with reporting():
        try:
            main()
        except trainer.Stopped as stopped:
            logging.warning("%s", stopped)
            sys.exit(128 + signal.SIGTERM)
