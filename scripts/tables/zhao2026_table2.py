"""Tabulate collapse at the end of training, of six optimizers in one setting (zhao2026, Table 2).

Only runs that diverged are left out. The number of seeds says how many runs count.
"""

import pandas as pd

from latephase.analysis import final_rows
from latephase.errors import reporting
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
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.name")
METRICS = ("nc0", "nc1_pinv", "nc2_etf", "nc3_duality")
PUBLISHED = ["optimizer", "nc0", "nc1", "nc2", "nc3"]
KEYS = {"optimizer": "Optimizer", "seeds": "Seeds"}
QUANTITIES = [COMPARED[metric] for metric in METRICS]


def data(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """A row for each optimizer: seeds, and each metric at the last step."""
    last = final_rows.final_rows(table)
    last = last[last["diverged_at"].isna()].rename(columns={OPTIMIZER: "optimizer"})
    ours = over_seeds(last, ["optimizer"], QUANTITIES)
    return by_optimizer(with_published(ours, published, "optimizer"))


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    published = read_published(args.published, PUBLISHED)
    table = read(args.data, COLUMNS, METRICS)
    write(data(table, published), KEYS, QUANTITIES, args, MEANS)


if __name__ == "__main__":
    with reporting():
        main()
