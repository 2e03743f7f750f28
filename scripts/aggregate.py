"""Gather all data of a study in one file, with one row for each run and step.

    python -m scripts.aggregate --runs '{…}' --packs results/packs --pack P1 P2 \
        --families collapse nc0 --output results/quick/studies/weight_decay_mlp.parquet

The columns are: run, step and pack; what tells the study's runs apart (the axes of its grids, and
what its `grids` set), under dotted names; if a run has them, seed, optimizer, learning rate,
momentum or beta1, weight decay and schedule (JSON); the history; and every metric. The rows are in
the order of the grids, then of the steps. If a run forks from another run, its rows before the fork
are those of the other run.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

from latephase.errors import UserError, reporting
from latephase.runs import grid, spec
from latephase.runs.columns import ALWAYS
from latephase.storage import parquet
from scripts import given


def pack_table(folder: Path, families: list[str], taken: set[str] = frozenset()) -> pd.DataFrame:
    """The history and the metrics of a pack, joined on run and step.

    Raises UserError if two families share a column, or if a family has a column in ``taken``.
    """
    table = parquet.read(folder / "history.parquet")
    for family in families:
        path = folder / f"{family}.parquet"
        metrics = parquet.read(path)
        if twice := (set(table) | taken) & set(metrics) - {"run", "step"}:
            raise UserError(f"{path}: column {min(twice)} is taken already; allowed: a new name")
        table = table.merge(metrics, on=["run", "step"], how="left", validate="one_to_one")
    return table.assign(pack=folder.name)


def with_past(table: pd.DataFrame, forks: dict[str, tuple[str, int]]) -> pd.DataFrame:
    """The rows of packs, and for each fork a copy of the rows before it, under the fork's id.

    ``forks`` maps each run that forks to the run that it continues and the step of the fork.
    """
    past = [
        table[(table["run"] == parent) & (table["step"] < step)].assign(run=run)
        for run, (parent, step) in forks.items()
    ]
    return pd.concat([table, *past], ignore_index=True)


def study_table(
    runs: pd.DataFrame, packs: list[pd.DataFrame], forks: dict[str, tuple[str, int]]
) -> pd.DataFrame:
    """The rows of the study's runs, in its order. Raises ValueError if a run is missing."""
    table = with_past(pd.concat(packs, ignore_index=True), forks)
    table = runs.merge(table, on="run", validate="one_to_many")
    if missing := set(runs["run"]) - set(table["run"]):
        raise ValueError(f"no pack holds the runs {', '.join(sorted(missing))}")
    order = {run: i for i, run in enumerate(runs["run"])}
    table = table.sort_values(
        ["run", "step"], key=lambda c: c.map(order) if c.name == "run" else c, ignore_index=True
    )
    first = ["run", "step", "pack"]
    return table[first + [column for column in table if column not in first]]


def forks_of(setting: dict) -> dict[str, tuple[str, int]]:
    """For each run of a study that forks: the run that it continues, and the step of the fork."""
    forking = [run for run in grid.specs(setting) if "fork" in run]
    return {spec.run_id(run): (run["fork"]["run"], run["fork"]["step"]) for run in forking}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=json.loads, required=True, help="a study's grid, JSON")
    parser.add_argument("--planned", help="the digest of the rows of these runs, if it is known")
    parser.add_argument("--packs", type=Path, required=True, help="folder of all packs")
    parser.add_argument(
        "--pack", nargs="+", required=True, help="names of packs; - reads them from standard input"
    )
    parser.add_argument("--families", nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args(argv)

    columns, rows = grid.planned_table(args.planned, args.runs, ALWAYS)
    runs = pd.DataFrame(rows, columns=columns)
    taken = {"pack", *runs.columns}
    packs = [pack_table(args.packs / pack, args.families, taken) for pack in given.names(args.pack)]
    table = study_table(runs, packs, forks_of(args.runs))
    parquet.write(args.output, table)


if __name__ == "__main__":
    with reporting():
        main()
