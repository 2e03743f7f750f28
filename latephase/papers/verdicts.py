"""Verdicts for programs to read: a JSON document, described by ``verdicts.schema.json``."""

import math
from typing import Any

import pandas as pd

COPIED = ("claim", "paper", "where", "sentence", "study", "statistic", "unit", "verdict", "note")
"""The columns of the table of claims that an entry copies."""


def document(rows: pd.DataFrame, scale: str, commit: str | None) -> dict[str, Any]:
    """The verdicts of a scale.

    ``rows`` are the table of claims (``scripts.evaluate_claims``). A number that is not known is
    null. An open end of an interval or a threshold is "infinity" or "-infinity".
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
    """A number as JSON can have it, without NaN and infinity."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    return float(value)
