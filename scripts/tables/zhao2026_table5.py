"""Tabulate the hyperparameters of each optimizer's best cell (zhao2026, Table 5).

The cells are those of Table 3, which have the smallest NC3. Momentum is the μ of heavy-ball, or the
β₁ of Adam and AdamW.
"""

import pandas as pd

from latephase.analysis import final_rows
from latephase.errors import reporting
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import OPTIMIZER_CELL
from scripts.reading import read, read_published
from scripts.tables import Quantity, by_optimizer, parser, with_published, write

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
METRICS = ("nc3_duality",)
PUBLISHED = ["optimizer", "lr", "momentum", "weight_decay"]
KEYS = {"optimizer": "Optimizer"}
QUANTITIES = (
    Quantity("lr", "Learning rate", "lr"),
    Quantity("momentum", "Momentum", "momentum"),
    Quantity("weight_decay", "Weight decay", "weight_decay"),
)


def data(table: pd.DataFrame, published: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row for each optimizer's best cell; and in words how many runs count."""
    last, counted = final_rows.fitted(table, FITTED)
    best = final_rows.best_cells(last, "nc3_duality")[list(OPTIMIZER_CELL)].drop_duplicates()
    ours = best.set_axis(["optimizer", "lr", "momentum", "weight_decay"], axis=1)
    return by_optimizer(with_published(ours, published, "optimizer")), counted


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    published = read_published(args.published, PUBLISHED)
    table = read(args.data, COLUMNS, METRICS)
    df, counted = data(table, published)
    write(df, KEYS, QUANTITIES, args, counted)


if __name__ == "__main__":
    with reporting():
        main()
