"""Figures: a program each, with ``data(table, ...) -> DataFrame`` and ``draw(df, ...) -> Figure``.

The CSV beside a figure holds exactly what is drawn in it. A program declares in its file what it
takes. ``OPTIONS`` has a JSON schema for each option. ``COLUMNS`` and ``METRICS`` are what it reads
of a study's data with any options, and ``BESIDE`` are the columns of the studies beside it, if
these are others. ``PUBLISHED`` are the columns that published values must have, and
``ALSO_PUBLISHED`` those that they may have.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase.drawing import style
from latephase.errors import UserError
from latephase.runs.columns import DECAY
from latephase.storage import csv_file
from scripts import reading


def parser(description: str, declared: Mapping[str, dict[str, Any]]) -> argparse.ArgumentParser:
    """The arguments that every figure takes. ``declared`` is the program's ``OPTIONS``."""
    result = reading.parser(description, declared)
    result.add_argument("--title", default="", help="in the place of the program's own title")
    result.add_argument("--title-note", default="", help="what the data are, in a few words")
    result.add_argument("--pdf", required=True, type=Path)
    result.add_argument("--png", required=True, type=Path)
    result.add_argument("--csv", required=True, type=Path)
    return result


def one_run(table: pd.DataFrame, weight_decay: float | None, seed: int | None) -> str:
    """The run of a weight decay and a seed. By default, the middle decay and the first seed.

    If other code trained the runs, no weight decay is known, and none may be asked for. Raises
    UserError if there is no such run, or more than one.
    """
    decays = np.sort(table[DECAY].dropna().unique()) if DECAY in table else []
    if weight_decay is None and len(decays):
        weight_decay = decays[len(decays) // 2]
    chosen = table
    if weight_decay is not None:
        near = np.isclose(table[DECAY], weight_decay, rtol=1e-6, atol=0) if len(decays) else False
        chosen = table[np.broadcast_to(near, len(table))]
    if chosen.empty:
        allowed = ", ".join(f"{decay:g}" for decay in decays) or "none, for the study has none"
        raise UserError(
            f"options.weight_decay is {weight_decay:g}, which is not in the study; "
            f"allowed: {allowed}"
        )
    seeds = sorted(chosen["seed"].unique())
    seed = seeds[0] if seed is None else seed
    chosen = chosen[chosen["seed"] == seed]
    if chosen.empty:
        allowed = ", ".join(map(str, seeds))
        raise UserError(f"options.seed is {seed}, which is not in the study; allowed: {allowed}")
    runs = chosen["run"].unique()
    if len(runs) > 1:
        decay = "" if weight_decay is None else f"options.weight_decay {weight_decay:g} and "
        raise UserError(
            f"{decay}options.seed {seed} select {len(runs)} runs; "
            "allowed: a study with one such run"
        )
    return runs[0]


def write(fig: Figure, df: pd.DataFrame, args: argparse.Namespace, runs: str) -> None:
    """Save a figure and its numbers where the arguments say.

    ``runs`` is a sentence in the figure: which runs are left out, and why
    (:mod:`latephase.drawing.left_out`).
    """
    csv_file.write(args.csv, df)
    with style.style():
        if args.title:
            style.retitle(fig, args.title)
        style.say_runs(fig, runs)
    style.save(fig, args.pdf, args.png)
