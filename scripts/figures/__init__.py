"""Figures: one program each, ``data(table, ...) -> DataFrame`` and ``draw(df, ...) -> Figure``.

The CSV beside a figure holds exactly what is drawn in it.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from latephase import plots
from latephase.errors import UserError
from scripts.reading import read as read
from scripts.reading import read_published as read_published
from scripts.reading import several as several
from scripts.reading import share as share

DECAY = "optimizer.weight_decay"


def parser(description: str) -> argparse.ArgumentParser:
    """The arguments that every figure takes."""
    result = argparse.ArgumentParser(description=description.splitlines()[0])
    result.add_argument("--table", required=True, type=Path, help="table of the study")
    result.add_argument("--title-note", default="", help="what the data are, in a few words")
    result.add_argument("--pdf", required=True, type=Path)
    result.add_argument("--png", required=True, type=Path)
    result.add_argument("--csv", required=True, type=Path)
    return result


def one_run(table: pd.DataFrame, weight_decay: float | None, seed: int | None) -> str:
    """The run of a weight decay and a seed; by default the middle decay and the first seed.

    Raises UserError where there is none, or more than one.
    """
    decays = np.sort(table[DECAY].unique())
    if weight_decay is None:
        weight_decay = decays[len(decays) // 2]
    chosen = table[np.isclose(table[DECAY], weight_decay, rtol=1e-6, atol=0)]
    if chosen.empty:
        allowed = ", ".join(f"{decay:g}" for decay in decays)
        raise UserError(f"--weight-decay {weight_decay:g}: not in the study; allowed: {allowed}")
    seeds = sorted(chosen["seed"].unique())
    seed = seeds[0] if seed is None else seed
    chosen = chosen[chosen["seed"] == seed]
    if chosen.empty:
        raise UserError(f"--seed {seed}: not in the study; allowed: {', '.join(map(str, seeds))}")
    runs = chosen["run"].unique()
    if len(runs) > 1:
        raise UserError(
            f"--weight-decay {weight_decay:g} --seed {seed}: {len(runs)} runs of the study, not one"
        )
    return runs[0]


def write(fig: Figure, df: pd.DataFrame, args: argparse.Namespace) -> None:
    """Save a figure and its numbers where the arguments say."""
    plots.write_csv(df, args.csv)
    plots.save(fig, args.pdf, args.png)
