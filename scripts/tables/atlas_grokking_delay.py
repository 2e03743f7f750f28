"""Tabulate how long grokking takes, and how many runs generalise, by rate and decay.

A delay is log10 of the step of generalisation over the step of memorisation. Its value is the
median over the seeds that memorise. A run that had not generalised when its budget ended counts
with the delay that it had so far. The median is then the least that it can be.
"""

import pandas as pd

from latephase.analysis.delay import by_rate_and_decay
from latephase.errors import reporting
from latephase.runs.columns import DECAY, LR
from scripts.reading import read
from scripts.tables import parser, write_own

OPTIONS = {
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
    "level": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9},
    "stay": {"type": "integer", "minimum": 1, "default": 3},
}
COLUMNS = ("run", "step", "seed", "diverged_at", "optimizer.lr", "optimizer.weight_decay")
METRICS = ("accuracy_train", "accuracy_test")
HEADINGS = {
    LR: "Learning rate",
    DECAY: "Weight decay",
    "runs": "Runs",
    "memorised": "Memorise",
    "generalised": "Generalise",
    "train": "Step of memorisation",
    "test": "Step of generalisation",
    "delay": "Delay, decades",
}
REMARK = (
    "medians over seeds; a step is blank if half of the runs or more do not memorise or "
    "generalise; a delay is the least that it can be where fewer runs generalise than memorise, "
    "and its interval is then open"
)


def data(table: pd.DataFrame, **limits: float) -> pd.DataFrame:
    """A row for each learning rate and weight decay (:func:`by_rate_and_decay`)."""
    return by_rate_and_decay(table, **limits)


def main(argv: list[str] | None = None) -> None:
    args = parser(__doc__, OPTIONS).parse_args(argv)
    df = data(read(args.data, COLUMNS, METRICS), **args.options)
    write_own(df, HEADINGS, args, REMARK)


if __name__ == "__main__":
    with reporting():
        main()
