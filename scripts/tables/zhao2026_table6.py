"""Tabulate the regressions of NC3 on log10 NC0, by learning rate and over all (zhao2026, Table 6).

They are least squares over all runs that fit their training set. For the intervals, whole seeds are
resampled.
"""

import pandas as pd

from latephase.analysis import final_rows, seeds
from latephase.analysis.trends import regression
from latephase.errors import reporting
from latephase.papers.zhao2026.settings import FITTED
from latephase.runs.columns import LR
from scripts.reading import read, read_published
from scripts.tables import Quantity, parser, with_published, write

OPTIONS = {}
COLUMNS = ("run", "step", "seed", "diverged_at", "accuracy_train", "optimizer.lr")
METRICS = ("nc0", "nc3_duality")
PUBLISHED = ["lr", "n", "slope", "r_squared"]
KEYS = {"lr": "Learning rate"}
QUANTITIES = (
    Quantity("n", "Runs", "n"),
    Quantity("slope", "Slope", "slope"),
    Quantity("r_squared", "R²", "r_squared"),
)
PLACES = {"slope": 0, "r_squared": 2}
"""The places of these in the result of :func:`latephase.analysis.trends.regression`."""


def data(table: pd.DataFrame, published: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A row for each learning rate (as text), and one for all; and in words how many runs count."""
    last, counted = final_rows.fitted(table, FITTED)
    rows = []
    for lr, group in [*last.groupby(LR), ("all", last)]:
        row = {"lr": lr, "n": len(group)}
        for name, place in PLACES.items():
            found = seeds.pooled_interval(
                group, ["nc0", "nc3_duality"], lambda x, y, i=place: regression(x, y)[i]
            )
            row |= {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    ours, theirs = (df.assign(lr=df["lr"].map(_label)) for df in (pd.DataFrame(rows), published))
    df = with_published(ours, theirs, "lr")
    # "all" is not a number, so it becomes NaN, which comes last.
    order = {"key": lambda column: pd.to_numeric(column, errors="coerce"), "ignore_index": True}
    return df.sort_values("lr", **order), counted


def _label(lr: float | str) -> str:
    """The text of a learning rate. It is the same whether it was read as a number or as text."""
    return lr if lr == "all" else f"{float(lr):g}"


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    published = read_published(args.published, PUBLISHED)
    table = read(args.data, COLUMNS, METRICS)
    df, counted = data(table, published)
    write(df, KEYS, QUANTITIES, args, "ours are least squares over all runs", counted)


if __name__ == "__main__":
    with reporting():
        main()
