"""Margins between pairs of classes, a row a sample, at a few steps of a few runs of a study.

    python -m scripts.extract_margins --setting '{…}' --checkpoints results/packs/P/checkpoints … \
        --data results/data/digits.safetensors --output results/quick/studies/S.margins.parquet

The study's ``margins`` say of which runs, at which steps (the last checkpoint at or before each)
and between which classes. Columns: run, step, the axes of the grid, split, class_a, class_b,
label, margin; only samples of the two classes.
"""

import argparse
import json
import os
from pathlib import Path

import pandas as pd
from torch import Tensor

from latephase import catalog, checkpoints, evaluation, parts, spec
from latephase.datasets import stored
from latephase.errors import reporting
from latephase.metrics.margins import margin
from scripts.extraction import Snapshot


def chosen_steps(wanted: list[int], saved: list[int]) -> list[int]:
    """For each step wanted, the last one saved at or before it."""
    return sorted({max(step for step in saved if step <= want) for want in wanted})


def split_rows(
    logits: Tensor, labels: Tensor, weight: Tensor, pairs: list[list[int]], split: str
) -> list[pd.DataFrame]:
    """The margins of one run at one step on one split, a table a pair."""
    tables = []
    for a, b in pairs:
        of_pair = (labels == a) | (labels == b)
        tables.append(
            pd.DataFrame(
                {
                    "split": split,
                    "class_a": a,
                    "class_b": b,
                    "label": labels[of_pair].cpu(),
                    "margin": margin(logits[of_pair], weight, a, b).cpu(),
                }
            )
        )
    return tables


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setting", type=json.loads, required=True, help="study at a scale, JSON")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)

    wanted = args.setting["margins"]
    axes = list(args.setting["grid"])
    runs = {spec.run_id(run): run for run in catalog.specs(args.setting, wanted["runs"])}
    first = next(iter(runs.values()))
    data = stored.load(args.data, **parts.arguments(first["data"]))
    model = evaluation.build_model(first, data.header["shape"], data.classes)
    tables = []
    for folder in args.checkpoints:
        saved = dict(checkpoints.steps_in(folder))
        for step in chosen_steps(wanted["steps"], list(saved)):
            tensors, header = checkpoints.read(saved[step])
            for index, run in enumerate(spec.runs_of(header["pack"])):
                if spec.run_id(run) not in runs:
                    continue
                parameters = {name: tensor[index] for name, tensor in tensors.items()}
                snapshot = Snapshot(run, model, parameters, data)
                rows = split_rows(
                    snapshot.logits("train"),
                    data.train_labels,
                    snapshot.weight,
                    wanted["pairs"],
                    "train",
                ) + split_rows(
                    snapshot.logits("test"),
                    data.test_labels,
                    snapshot.weight,
                    wanted["pairs"],
                    "test",
                )
                values = {path: spec.lookup(run, path) for path in axes}
                keys = {"run": spec.run_id(run), "step": step} | values
                tables += [table.assign(**keys) for table in rows]
    result = pd.concat(tables, ignore_index=True)
    columns = ["run", "step", *axes, "split", "class_a", "class_b", "label", "margin"]
    part = args.output.with_name(args.output.name + ".part")
    result[columns].to_parquet(part, index=False)
    os.replace(part, args.output)


if __name__ == "__main__":
    with reporting():
        main()
