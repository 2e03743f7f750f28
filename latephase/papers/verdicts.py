"""Verdicts for programs to read: a document of JSON, described by ``verdicts.schema.json``."""

import math
from typing import Any

import pandas as pd

COPIED = ("claim", "paper", "where", "sentence", "study", "statistic", "unit", "verdict", "note")
"""What a claim's entry has as the table of claims has it."""


def document(rows: pd.DataFrame, scale: str, commit: str | None) -> dict[str, Any]:
    """The verdicts of a scale.

    ``rows`` are the claims' table (``scripts.evaluate_claims``). A number that is not known is
    null. An end of an interval or a threshold that is open is "infinity" or "-infinity".
    """
    return {
        "version": 1,
        "scale": scale,
        "commit": commit,
        "claims": [_entry(row) for row in rows.to_dict("records")],
    }


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in COPIED} | {
        "estimate": _number(row["estimate"]),
        "interval": {end: _number(row[end]) for end in ("low", "high")},
        "threshold": {end: _number(row[f"threshold_{end}"]) for end in ("low", "high")},
        "seeds": int(row["n_seeds"]),
        "cells": int(row["n_cells"]),
        "controls": [text for text in row["controls"].split("; ") if text],
    }


def _number(value: float) -> float | str | None:
    """A number as JSON can have it: it knows neither NaN nor infinity."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    return float(value)
