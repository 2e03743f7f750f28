"""Collapse at the end of training, six optimizers in one setting (zhao2026, Table 2).

Runs that diverged are left out, and no others: the seeds say how many there are.
"""

import pandas as pd

from latephase import finals
from latephase.errors import reporting
from scripts.reading import read, read_published
from scripts.tables import (
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


def data(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """A row an optimizer: seeds, and each metric at the last step."""
    last = finals.final_rows(table)
    last = last[last["diverged_at"].isna()].rename(columns={"optimizer.name": "optimizer"})
    ours = over_seeds(last, ["optimizer"], QUANTITIES)
    return by_optimizer(with_published(ours, published, "optimizer"))


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    published = read_published(args.published, ["optimizer", *(q.printed for q in QUANTITIES)])
    table = read(args.table, [*ENDS, *(quantity.column for quantity in QUANTITIES)])
    write(data(table, published), KEYS, QUANTITIES, args, MEANS)


if __name__ == "__main__":
    with reporting():
        main()
