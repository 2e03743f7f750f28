"""Tabulate what each measure goes with, in each of several studies.

There is a row for each measure. For each study, it says whether the measure's change goes with
memorisation, with generalisation or with neither, and gives the place of the change in the delay
between the two, which is 0 at memorisation and 1 at generalisation. For whole studies, it also says
what a paper claims of the measure, where the runs agree, and whether another definition of the same
thing would give another verdict.
"""

import pandas as pd

from latephase.analysis import lead_lag, onset_claims
from latephase.drawing import names
from latephase.errors import reporting
from scripts.reading import parse_with_others, read_several
from scripts.tables import parser, write_own

OPTIONS = {
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
    "fraction": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.95},
    "stay": {"type": "integer", "minimum": 1, "default": 1},
    "arms": {
        "type": "object",
        "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "default": {},
    },
}
"""They are those of the figure with the same name."""
COLUMNS = ("run", "step", "seed", "diverged_at")
METRICS = ("accuracy_train", "accuracy_test")
HEADINGS = {
    "name": "measure",
    "said": "what a paper says",
    "agreement": "do the runs agree?",
    "definition": "verdict with the other definition",
}
REMARK = (
    "place of the change in the delay, 0 at memorisation and 1 at generalisation; blank: the "
    "measure was not measured there, or has no change to place; where half of the fall is done "
    f"{lead_lag.APART:g} decades of steps or more before or after the change, the table says so"
)


def data(tables: dict[str, pd.DataFrame], **limits: float) -> pd.DataFrame:
    """A row for each measure.

    Columns: measure, its name in words, and for each study <study>, <study>_place, its interval and
    <study>_half. The last says by how many decades half of the fall comes after the change. It is
    NaN if the two agree (:data:`lead_lag.APART`), or if one of them is not known.

    Raises UserError if no run of any study memorises and generalises.
    """
    long = lead_lag.of_studies(tables, **limits)
    known = [m for m in lead_lag.MEASURES if m.column in set(long["measure"])]
    df = pd.DataFrame(
        {"measure": [m.column for m in known], "name": [names.plain(m.label) for m in known]}
    )
    for study, own in long.groupby("study", sort=False):
        columns = {"goes_with": study} | {
            f"place{end}": f"{study}_place{end}" for end in ("", "_low", "_high")
        }
        own = own.assign(half=own["half_apart"].where(own["half_apart"].abs() >= lead_lag.APART))
        columns["half"] = f"{study}_half"
        df = df.merge(own[["measure", *columns]].rename(columns=columns), on="measure", how="left")
        df[study] = df[study].fillna("not measured")
    return df


def with_claims(df: pd.DataFrame, studies: list[str]) -> pd.DataFrame:
    """The table with what the papers say: the columns said, agreement and definition."""
    found = df.set_index("measure")[studies].to_dict("index")
    claims = {
        "said": [onset_claims.said(measure) for measure in found],
        "agreement": [onset_claims.agreement(measure, own) for measure, own in found.items()],
        "definition": [onset_claims.definition(measure, found) for measure in found],
    }
    return df.assign(**claims)


def headings(df: pd.DataFrame) -> dict[str, str]:
    """The columns that the page shows, with their headings."""
    shown = [name for name in df if name != "measure" and not name.endswith(("_low", "_high"))]
    return {name: _heading(name) for name in shown}


def _heading(name: str) -> str:
    if name.endswith("_place"):
        return "place in the delay"
    if name.endswith("_half"):
        return "half of the fall, decades later"
    return HEADINGS.get(name, name.replace("_", " "))


def main(argv: list[str] | None = None) -> None:
    args = parse_with_others(parser(__doc__, OPTIONS), argv)
    tables = read_several(args, COLUMNS, METRICS)
    limits = {name: args.options[name] for name in ("fitted", "fraction", "stay")}
    df = data(lead_lag.by_arm(tables, args.options["arms"]), **limits)
    if not args.options["arms"]:  # The papers speak of training without interventions.
        df = with_claims(df, [study for study in tables if study in df])
    write_own(df, headings(df), args, REMARK)


if __name__ == "__main__":
    with reporting():
        main()
