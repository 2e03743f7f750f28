"""A program imports only what it uses: the rest would cost seconds at each start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from latephase.runs import declared

ROOT = Path(__file__).parents[2]
FIGURES, TABLES = (declared.modules_in(ROOT / "scripts" / kind) for kind in ("figures", "tables"))
IMPORTED = """
import importlib, json, sys
for program in json.loads(sys.argv[1]):
    importlib.import_module(program)
print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]))
"""
DRAW_WITH_SEABORN = {"margins", "zhao2026_fig5"}
TIME_EVENTS = {
    *("atlas_overview", "sakamoto2026_clock", "atlas_grokking_delay", "atlas_lead_lag"),
    *("atlas_forecast", "atlas_interventions"),
}


def imported(programs, modules):
    """Of some modules, those that one or more programs import."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, json.dumps(programs), json.dumps(modules)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return json.loads(done.stdout)


def test_figures_import_seaborn_and_scipy_where_they_use_them():
    programs = sorted({*FIGURES} - DRAW_WITH_SEABORN - TIME_EVENTS)
    heavy = ["seaborn", "scipy", "torch", "matplotlib.pyplot", "jinja2"]
    assert imported([f"scripts.figures.{name}" for name in programs], heavy) == []
    assert imported([f"scripts.figures.{name}" for name in TIME_EVENTS], ["seaborn", "torch"]) == []


def test_tables_import_nothing_that_draws():
    drawing = ["seaborn", "matplotlib", "torch"]
    programs = [f"scripts.tables.{name}" for name in TABLES if name not in TIME_EVENTS]
    assert imported(programs, [*drawing, "scipy"]) == []
    assert imported([f"scripts.tables.{name}" for name in {*TABLES} & TIME_EVENTS], drawing) == []


def test_claims_import_nothing_that_draws():
    assert imported(["scripts.evaluate_claims"], ["seaborn", "matplotlib", "torch"]) == []


@pytest.mark.parametrize("name", sorted(DRAW_WITH_SEABORN))
def test_what_is_said_to_draw_with_seaborn_does(name):
    assert imported([f"scripts.figures.{name}"], ["seaborn"]) == ["seaborn"]
