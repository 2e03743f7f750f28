"""Collapse of each optimizer's best run, that of the smallest NC3 (zhao2026, Table 3).

A cell is a learning rate, a momentum and a weight decay. The best has the smallest mean of NC3 over
the seeds that fit the training set, and its metrics are the means over these.
"""

import pandas as pd

from latephase import finals
from latephase.errors import reporting
from scripts.reading import read, read_published
from scripts.tables import (
    CELL,
    COLLAPSE,
    ENDS,
    MEANS,
    NC0,
    by_optimizer,
    over_seeds,
    parser,
    with_published,
    write,
)

KEYS = {"optimizer": "Optimizer", "seeds": "Seeds"}
QUANTITIES = (NC0, *COLLAPSE)


def data(table: pd.DataFrame, published: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row an optimizer, seeds and each metric of its best cell; and how many runs count."""
    last, counted = finals.fitted(table, finals.FITTED)
    best = finals.best_cells(last, "nc3_duality").rename(columns={"optimizer.name": "optimizer"})
    ours = over_seeds(best, ["optimizer"], QUANTITIES)
    return by_optimizer(with_published(ours, published, "optimizer")), counted


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    published = read_published(args.published, ["optimizer", *(q.printed for q in QUANTITIES)])
    table = read(args.table, [*ENDS, *CELL, *(quantity.column for quantity in QUANTITIES)])
    df, counted = data(table, published)
    write(df, KEYS, QUANTITIES, args, MEANS, counted)


if __name__ == "__main__":
    with reporting():
        main()
