"""Judge the claims of the papers on the data of their studies.

    python -m scripts.evaluate_claims \
        --claims '[{"id": "sakamoto2026-clock", ...}]' \
        --studies weight_decay_mlp --data results/quick/studies/weight_decay_mlp.parquet \
        --scale quick --csv results/quick/claims.csv --html results/quick/claims.html \
        --json results/quick/claims.json

``--claims`` holds entries of ``catalog/<paper>/claims.yaml`` as JSON, each with the key of its
paper.
"""

import argparse
import json
import math
from functools import partial
from importlib import import_module
from pathlib import Path

import pandas as pd

from latephase.drawing import claims_page
from latephase.errors import UserError, reporting
from latephase.papers import verdicts
from latephase.papers.judge import judge
from latephase.storage.atomic import replacing
from latephase.storage.parquet import read
from scripts.checked_out import commit

COLUMNS = (
    *("claim", "paper", "where", "sentence", "study", "scale", "statistic", "unit"),
    *("estimate", "low", "high", "n_seeds", "n_cells", "threshold_low", "threshold_high"),
    *("verdict", "controls", "note", "stated"),
)


def evaluate(claim: dict, table: pd.DataFrame, source: str, scale: str) -> dict:
    """The row of one claim. Raises UserError if the claim and the data do not fit together."""
    # The catalog has checked that there is such a function, and that it takes these arguments.
    module = import_module(f"latephase.papers.{claim['paper']}.claims")
    statistic = getattr(module, claim["statistic"])
    low, high = claim["threshold"]["low"], claim["threshold"]["high"]
    try:
        result, said, controls = judge(
            table, partial(statistic, **claim["arguments"]), (low, high), claim["controls"]
        )
    except KeyError as error:
        raise UserError(f"{source}: no column {error}, which claim {claim['id']} needs") from error
    except ValueError as error:
        raise UserError(f"{source}: claim {claim['id']}: {error}") from error
    return {
        "claim": claim["id"],
        "paper": claim["paper"],
        "where": claim["where"],
        "sentence": claim["sentence"],
        "study": claim["study"],
        "scale": scale,
        "statistic": claim["statistic"],
        "unit": claim["unit"],
        "estimate": result.estimate,
        "low": result.low,
        "high": result.high,
        "n_seeds": result.n_seeds,
        "n_cells": result.n_cells,
        "threshold_low": -math.inf if low is None else float(low),
        "threshold_high": math.inf if high is None else float(high),
        "verdict": said,
        "controls": controls,
        "note": result.note,
        "stated": claim["stated"],
    }


def evaluate_all(claims: list[dict], data: dict[str, str], scale: str) -> pd.DataFrame:
    """The rows of all claims, in their order."""
    loaded: dict[str, pd.DataFrame] = {}
    rows = []
    for claim in claims:
        study = claim["study"]
        if study not in data:
            raise UserError(
                f"--studies: claim {claim['id']} needs the study {study}; "
                f"given: {', '.join(data) or 'none'}"
            )
        if study not in loaded:
            loaded[study] = read(Path(data[study]))
        rows.append(evaluate(claim, loaded[study], data[study], scale))
    return pd.DataFrame(rows, columns=COLUMNS)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claims", required=True, type=json.loads, help="JSON list of claims")
    parser.add_argument("--studies", nargs="*", default=[], help="what the files of --data hold")
    parser.add_argument("--data", nargs="*", default=[], help="a file for each of the studies")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--csv", required=True, type=Path)
    parser.add_argument("--html", required=True, type=Path)
    parser.add_argument("--json", required=True, type=Path, help="as verdicts.schema.json has it")
    args = parser.parse_args(argv)
    if len(args.studies) != len(args.data):
        parser.error(f"{len(args.studies)} studies, but {len(args.data)} files of data")
    data = dict(zip(args.studies, args.data, strict=True))
    rows = evaluate_all(args.claims, data, args.scale)
    for path, text in (
        (args.csv, rows.drop(columns=["unit", "stated"]).to_csv(index=False)),
        (args.html, claims_page.page(rows, args.scale)),
        (args.json, json.dumps(verdicts.document(rows, args.scale, commit()), indent=1) + "\n"),
    ):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
