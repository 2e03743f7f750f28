"""Tabulate collapse in each optimizer's best cell, which has the smallest NC3 (zhao2026, Table 3).

A cell is a learning rate, a momentum and a weight decay. The best cell has the smallest mean of NC3
over the seeds that fit the training set. Its metrics are means over these seeds.
"""

import pandas as pd

from latephase.analysis import final_rows
from latephase.errors import reporting
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import OPTIMIZER
from scripts.reading import read, read_published
from scripts.tables import (
    COMPARED,
    MEANS,
    by_optimizer,
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
    "optimizer.name",
    "optimizer.lr",
    "optimizer.weight_decay",
)
METRICS = ("nc0", "nc1_pinv", "nc2_etf", "nc3_duality")
PUBLISHED = ["optimizer", "nc0", "nc1", "nc2", "nc3"]
KEYS = {"optimizer": "Optimizer", "seeds": "Seeds"}
QUANTITIES = [COMPARED[metric] for metric in METRICS]


def data(table: pd.DataFrame, published: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row for each optimizer's best cell: seeds and metrics; and in words how many runs count."""
    last, counted = final_rows.fitted(table, FITTED)
    best = final_rows.best_cells(last, "nc3_duality").rename(columns={OPTIMIZER: "optimizer"})
    ours = over_seeds(best, ["optimizer"], QUANTITIES)
    return by_optimizer(with_published(ours, published, "optimizer")), counted


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    published = read_published(args.published, PUBLISHED)
    table = read(args.data, COLUMNS, METRICS)
    df, counted = data(table, published)
    write(df, KEYS, QUANTITIES, args, MEANS, counted)


if __name__ == "__main__":
    with reporting():
        main()
