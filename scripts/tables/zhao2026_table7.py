"""SGD without weight decay, however long, beside its best run with it (zhao2026, Table 7).

All runs without decay that did not diverge, by momentum and length, and how many of them fit the
training set; with decay, the cell of the smallest NC3 among those that fit it.
"""

from pathlib import Path

import pandas as pd

from latephase import finals
from latephase.errors import reporting
from scripts.reading import read, read_published
from scripts.tables import (
    CELL,
    COLLAPSE,
    ENDS,
    MEANS,
    over_seeds,
    parser,
    with_published,
    write,
)

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
    """A row a momentum and length without decay, and one with it; and in words, what counts.

    The paper's values without decay stand beside our longest runs, whatever their momentum.
    """
    without = finals.final_rows(table)
    without = without[without["diverged_at"].isna()]
    decayed = beside[(beside["optimizer.name"] == "sgd") & (beside["optimizer.weight_decay"] > 0)]
    last, counted = finals.fitted(decayed, finals.FITTED)
    best = finals.best_cells(last, "nc3_duality")
    rows = pd.concat([without, best.assign(steps=best["step"])], ignore_index=True)
    rows = rows.rename(columns={"optimizer.weight_decay": "weight_decay", "optimizer.lr": "lr"})
    fits = (rows["accuracy_train"] >= finals.FITTED).groupby([rows[name] for name in RUNS])
    ours = over_seeds(rows, RUNS, COLLAPSE)
    ours = ours.merge(fits.sum().rename("fitted").reset_index(), on=RUNS)
    longest = ours["steps"] == without["steps"].max()
    ours["decay"] = "without"
    ours.loc[ours["weight_decay"] > 0, "decay"] = "with"
    ours.loc[(ours["decay"] == "without") & ~longest, "decay"] = "without, shorter"
    df = with_published(ours, published, "decay")
    df = df.sort_values(["weight_decay", "steps", "momentum"], ignore_index=True)
    epochs = published.set_index("decay")["epochs"]
    return df, (
        f"fitted is {finals.FITTED:.0%} training accuracy; with weight decay, {counted}; "
        f"the paper's rows are of {epochs['without']:g} epochs without it, which stands beside "
        f"each of our longest runs, and of {epochs['with']:g} with it"
    )


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--beside", required=True, type=Path, help="table of runs with decay")
    args = arguments.parse_args(argv)
    metrics = [quantity.column for quantity in COLLAPSE]
    printed = ["decay", "epochs", *(quantity.printed for quantity in COLLAPSE)]
    published = read_published(args.published, printed)
    decayed = read(args.beside, [*ENDS, *CELL, *metrics])
    own = [name for name in [*ENDS, *CELL] if name != "optimizer.name"]
    df, counted = data(read(args.table, [*own, "steps", *metrics]), decayed, published)
    write(df, KEYS, COLLAPSE, args, MEANS, counted)


if __name__ == "__main__":
    with reporting():
        main()
