"""The same data give the same files, whatever the process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from latephase.storage import parquet
from scripts.figures import atlas_overview, margins, over_time, zhao2026_fig5
from tests.papers.zhao2026 import sgd_runs

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "catalog/zhao2026/published/zhao2026_fig5.csv"


@pytest.fixture(scope="module")
def files(tmp_path_factory, table, margins):
    folder = tmp_path_factory.mktemp("tables")
    parquet.write(folder / "table.parquet", table)
    parquet.write(folder / "margins.parquet", margins)
    parquet.write(folder / "sgd.parquet", sgd_runs.study_table())
    return folder


ARGUMENTS = {
    "margins": [
        "--margins",
        "margins.parquet",
        "--options",
        '{"pairs": [[0, 1], [4, 5]]}',
    ],
    "over_time": [
        "--options",
        '{"by": ["optimizer.weight_decay"], "metrics": ["accuracy_test", "rnc1"], "stacked": true}',
    ],
    "atlas_overview": ["--options", '{"weight_decay": 0.03, "seed": 44}'],
    "zhao2026_fig5": ["--data", "sgd.parquet", "--published", str(PUBLISHED)],
}


MODULES = {
    module.__name__.rpartition(".")[2]: module
    for module in (margins, over_time, atlas_overview, zhao2026_fig5)
}


ALL_FIGURES = """
import importlib, json, sys
for name, arguments in json.loads(sys.argv[1]).items():
    importlib.import_module(f"scripts.figures.{name}").main(arguments)
"""


def test_programs_write_the_same_bytes_twice(files, monkeypatch, tmp_path):
    monkeypatch.chdir(files)
    calls = {}
    for name, special in ARGUMENTS.items():
        calls[name] = ["--data", "table.parquet", "--title-note", "a note", *special]
        for kind in ("pdf", "png", "csv"):
            calls[name] += [f"--{kind}", str(tmp_path / "deep" / f"{name}.{kind}")]
        MODULES[name].main(calls[name])
    first = {path.name: path.read_bytes() for path in (tmp_path / "deep").iterdir()}
    assert sorted(first) == sorted(
        f"{n}.{kind}" for n in ARGUMENTS for kind in ("csv", "pdf", "png")
    )
    assert all(b"CreationDate" not in content for content in first.values())
    # A process of its own, with another hash seed and backend: nothing may hang on them.
    subprocess.run(
        [sys.executable, "-c", ALL_FIGURES, json.dumps(calls)],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT), "MPLBACKEND": "svg"},
    )
    second = {path.name: path.read_bytes() for path in (tmp_path / "deep").iterdir()}
    assert second == first
