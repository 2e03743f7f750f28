"""Tabulate what each intervention moves, and whether generalisation moves with it.

There is a row for each intervention. It compares an arm of a study with its control at the same
seeds.
"""

import pandas as pd

from latephase.analysis import intervened
from latephase.errors import reporting
from scripts.reading import parse_with_others, read_several
from scripts.tables import parser, write_own

OPTIONS = {
    "fraction": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95},
    "stay": {"type": "integer", "minimum": 1, "default": 3},
    "measures": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "metric"}},
    "comparisons": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "study", "arm", "control"],
            "properties": {
                "name": {"type": "string"},
                "study": {"type": "string"},
                "arm": {"type": "string"},
                "control": {"type": "string"},
                "control_study": {"type": "string"},
            },
        },
    },
}
"""They are those of the figure with the same name."""
COLUMNS = ("run", "step", "seed", "arm", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test", "loss_train")
HEADINGS = {
    "intervention": "Intervention",
    "moved": "Moves, decades",
    "stays": "Stay",
    "undecided": "Undecided",
    "accuracy_test": "Test accuracy",
    "accuracy_test_verdict": "verdict",
    "onset": "Onset, decades of steps",
    "onset_verdict": "verdict",
    "conclusion": "In short",
}
REMARK = (
    f"medians over seeds of arm minus control; margins: {intervened.MARGINS['accuracy_test']:g} of "
    f"accuracy, {intervened.MARGINS['onset']:g} decades of the onset's step, "
    f"{intervened.MARGIN:g} decades of a measure"
)


def data(tables: dict[str, pd.DataFrame], **options) -> pd.DataFrame:
    """A row for each comparison (:func:`latephase.analysis.intervened.verdicts`)."""
    return intervened.verdicts(intervened.changes(tables, **options))


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    write_own(data(tables, **args.options), HEADINGS, args, REMARK)


if __name__ == "__main__":
    with reporting():
        main()
