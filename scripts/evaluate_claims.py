"""Evaluate the claims of the papers on the tables of their studies.

    python -m scripts.evaluate_claims \
        --claims '[{"id": "sakamoto2026-clock", ...}]' \
        --studies weight_decay_mlp --tables results/quick/studies/weight_decay_mlp.parquet \
        --scale quick --csv results/quick/claims.csv --html results/quick/claims.html

``--claims`` holds entries of ``catalog/claims.yaml`` as JSON.
"""

import argparse
import html
import json
import math
from collections import Counter
from importlib import import_module
from pathlib import Path

import pandas as pd

from latephase import pages
from latephase.claims import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, verdict
from latephase.errors import UserError, reporting
from latephase.tables import read
from latephase.writing import replacing

MARKS = {REPRODUCED: "✓", NOT_REPRODUCED: "✗", INCONCLUSIVE: "?"}
COLUMNS = (
    *("claim", "paper", "where", "sentence", "study", "scale", "statistic", "unit"),
    *("estimate", "low", "high", "n_seeds", "n_cells", "threshold_low", "threshold_high"),
    *("verdict", "note", "stated"),
)

CLASSES = {REPRODUCED: "yes", NOT_REPRODUCED: "no", INCONCLUSIVE: "open"}


def evaluate(claim: dict, table: pd.DataFrame, source: str, scale: str) -> dict:
    """One row of the claims' table. Raises UserError where claim and table do not fit."""
    # The catalog has checked that there is such a function, and that it takes these arguments.
    statistic = getattr(import_module(f"latephase.claims.{claim['paper']}"), claim["statistic"])
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


def number(value: float) -> str:
    """A number as a reader wants it: three digits, a true minus sign, words for the rest."""
    if math.isnan(value):
        return "not available"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.3g}".replace("-", "−")


def threshold_text(low: float, high: float) -> str:
    """The predicted range in words."""
    if math.isinf(high):
        return f"at least {number(low)}"
    if math.isinf(low):
        return f"at most {number(high)}"
    return f"{number(low)} to {number(high)}"


STYLE = """
tbody th { font-weight: 600; min-width: 16rem; }
.value { font-variant-numeric: tabular-nums; min-width: 9rem; }
.verdict > span { display: inline-block; padding: .1rem .6rem; border-radius: .3rem;
                font-weight: 600; white-space: nowrap; border: 1px solid currentColor; }
.yes { color: #0b5394; background: #e3f0fb; }
.no { color: #8a3c00; background: #fdebdc; }
.open { color: #4a4a4a; background: #efefef; }
details { margin-top: .25rem; color: #444; font-size: .875rem; }
"""


def page(rows: pd.DataFrame, scale: str) -> str:
    """The claims as one HTML page that needs nothing but itself."""
    counts = Counter(rows["verdict"])
    summary = ", ".join(f"{counts[kind]} {kind}" for kind in MARKS)
    body = "\n".join(table_row(row) for row in rows.to_dict("records"))
    text = f"""<p>{summary}. A claim is reproduced if the 95&nbsp;% bootstrap interval over seeds
lies wholly in the predicted range, not reproduced if it lies wholly outside, inconclusive
otherwise. Ranges were set before the statistics were computed.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Claims and verdicts">
<table>
<caption>Each paper's sentence, in our words, and what the runs say of it.</caption>
<thead><tr><th scope="col">Claim</th><th scope="col">Estimate [95&nbsp;% interval]</th>
<th scope="col">Predicted</th><th scope="col">Verdict</th><th scope="col">Rests on</th></tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>"""
    return pages.page(f"Claims, scale {scale}", text, STYLE)


def table_row(row: dict) -> str:
    """One claim as a row of the page."""
    text = {key: html.escape(str(value)) for key, value in row.items()}
    estimate = number(row["estimate"])
    if not math.isnan(row["low"]):
        estimate += f" [{number(row['low'])}, {number(row['high'])}]"
    kind = row["verdict"]
    return f"""<tr>
<th scope="row">{text["sentence"]}<small>{text["paper"]}, {text["where"]}</small></th>
<td class="value">{estimate}<small>{text["unit"]}</small></td>
<td class="value">{threshold_text(row["threshold_low"], row["threshold_high"])}
<details><summary>why</summary>{text["stated"]}</details></td>
<td class="verdict"><span class="{CLASSES[kind]}"><span
aria-hidden="true">{MARKS[kind]} </span>{kind}</span></td>
<td>{row["n_cells"]} cells × {row["n_seeds"]} seeds<small>{text["note"]}</small>
<small>study {text["study"]}, statistic {text["statistic"]}</small></td>
</tr>"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--claims", required=True, type=json.loads, help="JSON list of claims")
    parser.add_argument("--studies", nargs="*", default=[], help="what the tables are of")
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
        (args.html, page(rows, args.scale)),
    ):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
