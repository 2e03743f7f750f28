"""Every program of the figures and tables of zhao2026, as the catalog calls it, on runs that fail.

At paper scale a whole study may fail to fit, or diverge: what is made then says so, and the other
figures of the same call are made.
"""

import importlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from latephase.catalog import load
from latephase.runs import grid
from latephase.runs.columns import ALWAYS
from latephase.storage import parquet

ROOT = Path(__file__).parents[2]
CATALOG = load.load(ROOT, yaml.safe_load((ROOT / "config.yaml").read_text()))
SHOWN = {
    kind: {name: entry for name, entry in entries.items() if entry["paper"] == "zhao2026"}
    for kind, entries in (("figures", CATALOG.figures), ("tables", CATALOG.tables))
}
STEPS = (0, 1, 10, 100)
CLASSES = 10


def scale_of(entry):
    return "quick" if "quick" in CATALOG.studies[entry["study"]]["scales"] else "paper"


def one_of_each_call():
    """Names of one figure or table of each program and its options."""
    calls = {}
    for kind, entries in SHOWN.items():
        for name, entry in entries.items():
            metric = entry.get("each", {}) or entry.get("arguments", {}).get("both", {})
            calls.setdefault((entry.get("script", name), *sorted(metric)), (kind, name))
    return list(calls.values())


def measured(study, scale):
    """A table of a study's runs with every number that a program asks for."""
    columns, rows = grid.table(CATALOG.setting(study, scale), ALWAYS)
    runs = pd.DataFrame(rows, columns=columns)
    table = pd.concat([runs.assign(step=step) for step in STEPS], ignore_index=True)
    table = table.assign(diverged_at=np.nan, accuracy_train=1.0, accuracy_test=0.9, loss_train=0.01)
    rng = np.random.default_rng(0)
    for column in COLUMNS:
        table[column] = rng.uniform(0.1, 1.0, len(table))
    for column in ("weight_spectrum", "means_spectrum"):
        table[column] = list(rng.uniform(0.1, 1.0, (len(table), CLASSES)))
    return table


COLUMNS = (
    *("nc0", "nc0_normalized", "nc1_pinv", "nc2_etf", "nc2_equinorm", "nc2_equiangle"),
    *("nc2_etf_weight", "nc3_duality", "nc4_agreement_test_without_bias"),
    *("weight_singular_value_min", "weight_singular_value_mean_others"),
)
NUMBERS = [*COLUMNS, "accuracy_train", "accuracy_test", "loss_train"]


def unfit(table):
    return table.assign(accuracy_train=0.5)


def one_fits(table):
    return table.assign(accuracy_train=np.where(table["run"] == table["run"].iloc[0], 1.0, 0.5))


def diverged(table):
    """At the first step: there is a row at step 0, and no more."""
    gone = {column: table[column].where(table["step"] < 1) for column in NUMBERS}
    return table.assign(diverged_at=1.0, **gone)


def unknown(table):
    return table.assign(**dict.fromkeys(COLUMNS, np.nan))


def infinite(table):
    return table.assign(**dict.fromkeys(COLUMNS, np.inf))


def zero(table):
    return table.assign(**dict.fromkeys(COLUMNS, 0.0))


def make(kind, name, change, folder):
    """Call a program as its rule does; what it makes, by their endings."""
    entry, scale = SHOWN[kind][name], scale_of(SHOWN[kind][name])
    paths = []
    for study in CATALOG.studies_of(entry, scale):
        paths.append(folder / f"{study}.parquet")
        parquet.write(paths[-1], change(measured(study, scale)))
    given = {"data": paths[0], "beside": paths[1:]}
    published = f"catalog/zhao2026/published/{entry.get('published', name)}.csv"
    given["published"] = ROOT / published
    arguments = entry.get("arguments", {})
    options = arguments.get("both", {}) | arguments.get(scale, {})
    endings = ("csv", "pdf", "png") if kind == "figures" else ("csv", "html")
    made = {ending: folder / f"made.{ending}" for ending in endings}
    words = ["--options", json.dumps(options)]
    for key in entry["files"]:
        files = given[key] if isinstance(given[key], list) else [given[key]]
        words += [f"--{key}", *map(str, files)]
    words += [f"--{ending}={path}" for ending, path in made.items()]
    words += [f"--title={name}"] if kind == "tables" else []
    module = importlib.import_module(f"scripts.{kind}.{entry.get('script', name)}")
    module.main(words)
    return made


@pytest.mark.parametrize("change", [unfit, one_fits, diverged, unknown, infinite, zero])
@pytest.mark.parametrize(("kind", "name"), one_of_each_call())
def test_what_went_wrong_stops_no_program(kind, name, change, tmp_path):
    made = make(kind, name, change, tmp_path)
    assert all(path.stat().st_size > 0 for path in made.values())
    assert len(pd.read_csv(made["csv"]).columns) > 2  # whatever rows
