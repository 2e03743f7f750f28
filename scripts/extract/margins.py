"""Measure margins between pairs of classes, for each sample, at a few steps of a study's runs.

    python -m scripts.extract.margins --runs '{…}' --margins '{…}' \
        --checkpoints results/packs/P/checkpoints … --data results/data/digits.safetensors \
        --output results/quick/studies/S.margins.parquet

The study's ``margins`` name the runs, the steps and the pairs of classes. For each step, the last
checkpoint at or before it is measured, on the samples of the two classes. The file has one row for
each sample. Its columns are run, step, what tells the runs apart, split, class_a, class_b, label,
margin.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
import torch

from latephase.datasets import stored
from latephase.errors import reporting
from latephase.measuring.snapshot import Snapshot
from latephase.metrics.class_pair_margins import margin
from latephase.parts import network
from latephase.runs import grid, parts, spec
from latephase.storage import checkpoints, parquet


def chosen_steps(wanted: list[int], saved: list[int]) -> list[int]:
    """For each wanted step, the last one that was saved at or before it."""
    return sorted({max(step for step in saved if step <= want) for want in wanted})


def margin_rows(snapshot: Snapshot, pairs: list[list[int]]) -> list[pd.DataFrame]:
    """The margins of one run at one step, as one frame for each split and pair."""
    found = []
    for split in ("train", "test"):
        logits, labels = snapshot.logits(split), getattr(snapshot.data, f"{split}_labels")
        for a, b in pairs:
            of_pair = (labels == a) | (labels == b)
            columns = {
                "split": split,
                "class_a": a,
                "class_b": b,
                "label": labels[of_pair].cpu(),
                "margin": margin(logits[of_pair], snapshot.weight, a, b).cpu(),
            }
            found.append(pd.DataFrame(columns))
    return found


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=json.loads, required=True, help="a study's grid, JSON")
    parser.add_argument("--planned", help="the digest of the rows of these runs, if it is known")
    parser.add_argument("--margins", type=json.loads, required=True, help="what is wanted, JSON")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)

    torch.set_num_threads(args.threads)

    wanted = args.margins
    columns, rows = grid.planned_table(args.planned, args.runs, only=wanted["runs"])
    told = {row["run"]: row for row in rows}
    found = []
    for folder in args.checkpoints:
        saved = dict(checkpoints.steps_in(folder))
        pack = checkpoints.read(saved[0])[1]["pack"]
        runs = spec.runs_of(pack)
        data = stored.load(args.data, **parts.arguments(runs[0]["data"]))
        model = network.build_model(runs[0], data.header)
        for step in chosen_steps(wanted["steps"], list(saved)):
            for run, tensors in zip(runs, checkpoints.runs(saved[step]), strict=True):
                if row := told.get(spec.run_id(run)):
                    measured = margin_rows(Snapshot(run, model, tensors, data), wanted["pairs"])
                    found += [table.assign(step=step, **row) for table in measured]
    result = pd.concat(found, ignore_index=True)
    first, last = ["run", "step"], ["split", "class_a", "class_b", "label", "margin"]
    parquet.write(args.output, result[[*first, *columns[1:], *last]])


if __name__ == "__main__":
    with reporting():
        main()
