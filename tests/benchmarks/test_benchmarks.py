"""The benchmarks run and print what they promise; how fast is not asked here."""

import collections
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import quick

ROOT = Path(__file__).parents[2]


def run(benchmark: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{benchmark}", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_training(tmp_path):
    numbers = tmp_path / "numbers.json"
    few = ("--rounds", "1", "--steps", "2", "--packs", "1", "2", "--json", str(numbers))
    assert "GFLOP/s" in run("training", *few)
    assert str(json.loads(numbers.read_text())).count("nan") == 0


def test_networks(tmp_path):
    numbers = tmp_path / "numbers.json"
    few = ("--models", "cnn", "--rounds", "1", "--json", str(numbers))
    assert "x plain" in run("networks", *few)
    assert all(row["x plain"]["median"] > 0 for row in json.loads(numbers.read_text())["rows"])


def test_metrics(tmp_path):
    numbers = tmp_path / "numbers.json"
    assert "kappa, closed form" in run("metrics", "--rounds", "1", "--json", str(numbers))
    assert all(ratio > 0 for ratio in json.loads(numbers.read_text())["ratios"].values())


def test_memory(tmp_path):
    numbers = tmp_path / "numbers.json"
    few = ("--families", "flatness", "--samples", "2000", "9000", "--units", "500")
    assert "bytes a sample" in run("memory", *few, "--classes", "50", "--json", str(numbers))
    (row,) = json.loads(numbers.read_text())
    assert row["a sample"] >= 4 * 500  # its features


@pytest.mark.workflow
def test_dag(tmp_path):
    numbers = tmp_path / "numbers.json"
    assert "ms a job" in run("dag", "--jobs", "30", "--json", str(numbers))
    (row,) = json.loads(numbers.read_text())
    # Six runs, and the thirty of the study that is shipped: a training and four families each.
    # Data sets, studies and margins, figures, then verdicts, report, gallery and all.
    assert row["jobs"]["plan"] == 5 * 36 + 3 + (2 + 1) + 4 + 4
    assert row["jobs"]["small"] == 5 * 15 + 1 + 1 + 1
    # A record an output: training, figure and verdicts have three each, the report two.
    assert row["records"] == (3 + 4) * 36 + 3 + (2 + 1) + 3 * 4 + 3 + 2 + 1
    for numbers in (row["seconds"], row["megabytes"]):
        assert all(number > 0 for number in numbers.values())


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        ("a,b\nx,2\n", 0),
        ("a,b\nx,2.0\n", 0),
        ("a,b\nx,2.5\n", 0.2),
        ("a,b\nx,nan\n", math.inf),
        ("a,b\nx,inf\n", math.inf),
        ("a,b\nx,\n", math.inf),
        ("a,b\ny,2\n", math.inf),
        ("a\nx\n", math.inf),
    ],
)
def test_quick_tells_how_far_two_csvs_are_apart(tmp_path, other, apart):
    paths = tmp_path / "old.csv", tmp_path / "new.csv"
    for path, text in zip(paths, ("a,b\nx,2\n", other), strict=True):
        path.write_text(text)
    assert quick.largest_difference(*paths) == pytest.approx(apart)


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("0.0", "-0.0", 0),
        ("0.0", "1e-9", 1),
        ("nan", "NaN", 0),
        ("nan", "1", math.inf),
        ("1", "nan", math.inf),
        ("inf", "Infinity", 0),
        ("inf", "-inf", math.inf),
        ("", "0", math.inf),
        ("-1e308", "1e308", math.inf),
    ],
)
def test_quick_tells_how_far_two_entries_are_apart(first, second, apart):
    assert quick.difference(first, second) == apart


def test_quick_compares_what_both_have_and_tells_the_rest(tmp_path, capsys):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, files in (
        (old, {"figures/same": "1", "figures/other": "1", "tables/gone": "1"}),
        (new, {"figures/same": "1", "figures/other": "nan", "figures/added": "1"}),
    ):
        for name, text in files.items():
            path = folder / f"results/quick/{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"a\n{text}\n")
    quick.compare(old, new)
    assert capsys.readouterr().out.splitlines() == [
        "1 of 2 CSVs are the same bytes",
        "  other.csv: apart by inf",
        "  gone.csv: only old has it",
        "  added.csv: only new has it",
    ]


SERVE = """
import time

def start():
    time.sleep(0.5)
"""
JOB = """
import os, time
if not os.path.exists("called"):
    open("called", "w").close()
    time.sleep(1)
time.sleep(0.3)
"""


@pytest.mark.parametrize("server", [0.0, 0.5])
def test_quick_measures_start_up(tmp_path, server):
    """The server's, the first call's, and the jobs' own."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "__init__.py").write_text("")
    (scripts / "job.py").write_text(JOB)
    if server:
        (scripts / "serve.py").write_text(SERVE)
    programs = collections.Counter({"python -m scripts.job": 10, "report": 5})
    began, begun = quick.startup(tmp_path, programs, cores=2)
    assert began == pytest.approx(server, abs=0.2)
    assert 1 + 10 * 0.3 < begun < 1 + 10 * 0.6
