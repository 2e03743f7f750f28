"""Hyperparameters of each optimizer's best cell, that of the smallest NC3 (zhao2026, Table 5).

The cells are those of Table 3. Momentum is heavy-ball's μ, and β₁ of Adam and AdamW.
"""

import pandas as pd

from latephase import finals
from latephase.errors import reporting
from scripts.reading import read, read_published
from scripts.tables import CELL, ENDS, Quantity, by_optimizer, parser, with_published, write

KEYS = {"optimizer": "Optimizer"}
QUANTITIES = (
    Quantity("lr", "Learning rate", "lr"),
    Quantity("momentum", "Momentum", "momentum"),
    Quantity("weight_decay", "Weight decay", "weight_decay"),
)


def data(table: pd.DataFrame, published: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row an optimizer, its best cell; and how many runs count."""
    last, counted = finals.fitted(table, finals.FITTED)
    best = finals.best_cells(last, "nc3_duality")[finals.CELL].drop_duplicates()
    ours = best.set_axis(["optimizer", "lr", "momentum", "weight_decay"], axis=1)
    return by_optimizer(with_published(ours, published, "optimizer")), counted


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__).parse_args(argv)
    published = read_published(args.published, ["optimizer", *(q.printed for q in QUANTITIES)])
    table = read(args.table, [*ENDS, *CELL, "nc3_duality"])
    df, counted = data(table, published)
    write(df, KEYS, QUANTITIES, args, counted)


if __name__ == "__main__":
    with reporting():
        main()
