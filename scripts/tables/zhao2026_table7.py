"""Tabulate SGD without weight decay, beside its best cell with weight decay (zhao2026, Table 7).

Without decay, there is a row for each momentum and length, over all runs that did not diverge, with
the number of those that fit the training set. With decay, there is the cell with the smallest NC3
among the runs that fit the training set.
"""

from pathlib import Path

import pandas as pd

from latephase.analysis import final_rows
from latephase.errors import UserError, reporting
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import DECAY, LR, OPTIMIZER
from scripts.reading import read, read_published
from scripts.tables import (
    COMPARED,
    MEANS,
    over_seeds,
    parser,
    with_published,
    write,
)

OPTIONS = {}
COLUMNS = (
    "run",
    "step",
    "seed",
    "diverged_at",
    "accuracy_train",
    "optimizer.lr",
    "optimizer.weight_decay",
    "steps",
)
BESIDE = (
    "run",
    "step",
    "seed",
    "diverged_at",
    "accuracy_train",
    "optimizer.name",
    "optimizer.lr",
    "optimizer.weight_decay",
)
METRICS = ("nc1_pinv", "nc2_etf", "nc3_duality")
PUBLISHED = ["decay", "epochs", "nc1", "nc2", "nc3"]
QUANTITIES = [COMPARED[metric] for metric in METRICS]
KEYS = {
    "weight_decay": "Weight decay",
    "momentum": "Momentum",
    "lr": "Learning rate",
    "steps": "Steps",
    "seeds": "Seeds",
    "fitted": "Of them fitted",
}
RUNS = ["weight_decay", "momentum", "lr", "steps"]


def data(
    table: pd.DataFrame, beside: pd.DataFrame, published: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    """A row for each momentum and length without decay, and one with decay; in words, what counts.

    The paper's values without decay are beside our longest runs, for every momentum.
    """
    without = final_rows.final_rows(table)
    without = without[without["diverged_at"].isna()]
    decayed = beside[(beside[OPTIMIZER] == "sgd") & (beside[DECAY] > 0)]
    last, counted = final_rows.fitted(decayed, FITTED)
    best = final_rows.best_cells(last, "nc3_duality")
    rows = pd.concat([without, best.assign(steps=best["step"])], ignore_index=True)
    rows = rows.rename(columns={DECAY: "weight_decay", LR: "lr"})
    fits = (rows["accuracy_train"] >= FITTED).groupby([rows[name] for name in RUNS])
    ours = over_seeds(rows, RUNS, QUANTITIES)
    ours = ours.merge(fits.sum().rename("fitted").reset_index(), on=RUNS)
    longest = ours["steps"] == without["steps"].max()
    ours["decay"] = "without"
    ours.loc[ours["weight_decay"] > 0, "decay"] = "with"
    ours.loc[(ours["decay"] == "without") & ~longest, "decay"] = "without, shorter"
    df = with_published(ours, published, "decay")
    df = df.sort_values(["weight_decay", "steps", "momentum"], ignore_index=True)
    epochs = published.set_index("decay")["epochs"]
    return df, (
        f"fitted means {FITTED:.0%} training accuracy; with weight decay, {counted}; "
        f"the paper's rows have {epochs['without']:g} epochs without it, which are shown beside "
        f"each of our longest runs, and {epochs['with']:g} epochs with it"
    )


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__, OPTIONS)
    arguments.add_argument(
        "--beside", nargs="+", required=True, type=Path, help="data of a study with decay"
    )
    args = arguments.parse_args(argv)
    if len(args.beside) > 1:
        raise UserError(f"--beside: {len(args.beside)} files; allowed: one")
    published = read_published(args.published, PUBLISHED)
    decayed = read(args.beside[0], BESIDE, METRICS)
    df, counted = data(read(args.data, COLUMNS, METRICS), decayed, published)
    write(df, KEYS, QUANTITIES, args, MEANS, counted)


if __name__ == "__main__":
    with reporting():
        main()
