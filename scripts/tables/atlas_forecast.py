"""Tabulate which measure tells whether and when a run will generalise, beside two baselines.

There is a row for each study, each kind of group that is held out, and each measure. The best
measure comes first.
"""

import pandas as pd

from latephase.analysis import forecast
from latephase.errors import reporting
from scripts.reading import parse_with_others, read_several
from scripts.tables import parser, write_own

OPTIONS = {
    "fraction": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95},
    "stay": {"type": "integer", "minimum": 1, "default": 1},
    "settings": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["optimizer.lr", "optimizer.weight_decay", "data.train_size"],
    },
}
"""They are those of the figure with the same name."""
COLUMNS = ("run", "step", "seed", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test", "loss_train")
HEADINGS = {
    "study": "Study",
    "held_out": "Held out",
    "groups": "Groups",
    "measure": "Measure",
    "runs": "Runs",
    "never": "Never generalise",
    "auroc": "AUROC, within a decade",
    "auroc_gain": "more than the better baseline",
    "auroc_verdict": "verdict",
    "order": "Rank correlation with the onset",
    "order_gain": "more than the better baseline",
    "order_verdict": "verdict",
    "error": "Error, decades",
    "baseline_error": "baseline's error",
}
REMARK = (
    "judged by monotone regressions that have seen neither run of a pair; the baselines are the "
    "steps so far and the training loss; runs that never generalise count in the AUROC alone"
)


def data(tables: dict[str, pd.DataFrame], **options) -> pd.DataFrame:
    """The rows of :func:`latephase.analysis.forecast.of_studies`. Each study's best come first."""
    df = forecast.of_studies(tables, **options)
    places = {study: place for place, study in enumerate(tables)}
    df = df.assign(place=df["study"].map(places))
    keys = ["place", "held_out", "auroc"]
    df = df.sort_values(keys, ascending=[True, True, False], kind="stable", ignore_index=True)
    return df.drop(columns="place")


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    write_own(data(tables, **args.options), HEADINGS, args, REMARK)


if __name__ == "__main__":
    with reporting():
        main()
