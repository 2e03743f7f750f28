"""Evaluate the claims of the papers on the data of their studies.

    python -m scripts.evaluate_claims \
        --claims '[{"id": "sakamoto2026-clock", ...}]' \
        --studies weight_decay_mlp --tables results/quick/studies/weight_decay_mlp.parquet \
        --scale quick --csv results/quick/claims.csv --html results/quick/claims.html

``--claims`` holds entries of ``catalog/<paper>/claims.yaml`` as JSON, each with its paper.
"""

import argparse
import json
import math
from importlib import import_module
from pathlib import Path

import pandas as pd

from latephase.drawing import claims_page
from latephase.errors import UserError, reporting
from latephase.papers.claim import verdict
from latephase.storage.atomic import replacing
from latephase.storage.parquet import read

COLUMNS = (
    *("claim", "paper", "where", "sentence", "study", "scale", "statistic", "unit"),
    *("estimate", "low", "high", "n_seeds", "n_cells", "threshold_low", "threshold_high"),
    *("verdict", "note", "stated"),
)


def evaluate(claim: dict, table: pd.DataFrame, source: str, scale: str) -> dict:
    """One row of the claims' table. Raises UserError where claim and table do not fit."""
    # The catalog has checked that there is such a function, and that it takes these arguments.
    module = import_module(f"latephase.papers.{claim['paper']}.claims")
    statistic = getattr(module, claim["statistic"])
    try:
        result = statistic(table, **claim["arguments"])
    except KeyError as error:
        raise UserError(f"{source}: no column {error}, which claim {claim['id']} needs") from error
    except ValueError as error:
        raise UserError(f"{source}: claim {claim['id']}: {error}") from error
    low, high = claim["threshold"]["low"], claim["threshold"]["high"]
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
        "verdict": verdict(result, (low, high)),
        "note": result.note,
        "stated": claim["stated"],
    }


def evaluate_all(claims: list[dict], tables: dict[str, str], scale: str) -> pd.DataFrame:
    """All claims, in their order."""
    loaded: dict[str, pd.DataFrame] = {}
    rows = []
    for claim in claims:
        study = claim["study"]
        if study not in tables:
            raise UserError(
                f"--studies: claim {claim['id']} needs the study {study}; "
                f"given: {', '.join(tables) or 'none'}"
            )
        if study not in loaded:
            loaded[study] = read(Path(tables[study]))
        rows.append(evaluate(claim, loaded[study], tables[study], scale))
    return pd.DataFrame(rows, columns=COLUMNS)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claims", required=True, type=json.loads, help="JSON list of claims")
    parser.add_argument("--studies", nargs="*", default=[], help="what the files of --tables hold")
    parser.add_argument("--tables", nargs="*", default=[], help="a file for each of the studies")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--csv", required=True, type=Path)
    parser.add_argument("--html", required=True, type=Path)
    args = parser.parse_args(argv)
    if len(args.studies) != len(args.tables):
        parser.error(f"{len(args.studies)} studies, but {len(args.tables)} tables")
    tables = dict(zip(args.studies, args.tables, strict=True))
    rows = evaluate_all(args.claims, tables, args.scale)
    for path, text in (
        (args.csv, rows.drop(columns=["unit", "stated"]).to_csv(index=False)),
        (args.html, claims_page.page(rows, args.scale)),
    ):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
