"""The options of programs: what each declares, and a line for what cannot be drawn."""

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from latephase.catalog import check_schema
from latephase.errors import UserError
from latephase.runs import declared
from latephase.storage import parquet
from scripts.figures import (
    by_all_hyperparameters,
    by_weight_decay,
    margins,
    metric_against_metric,
    over_time,
    zhao2026_fig8,
)
from scripts.reading import options, read_published
from tests.figures.grids import TABLE


def test_published_values_that_are_not_there_are_told(tmp_path):
    (tmp_path / "empty.csv").touch()
    for name in ("none.csv", "empty.csv"):
        with pytest.raises(UserError, match=f"--published .*{name}: cannot be read .*a CSV"):
            read_published(tmp_path / name, ["nc0"])
    (tmp_path / "other.csv").write_text("nc1,nc2\n1,2\n")
    with pytest.raises(UserError, match=r"--published .*other\.csv: no column nc0"):
        read_published(tmp_path / "other.csv", ["nc0", "nc1"])


ROOT = Path(__file__).parents[2]
PROGRAMS = {
    f"{kind}.{name}": ROOT / f"scripts/{kind}/{name}.py"
    for kind in ("figures", "tables")
    for name in declared.modules_in(ROOT / f"scripts/{kind}")
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_declares_what_it_takes_without_being_imported(program):
    file = PROGRAMS[program]
    found = declared.literal(file, "OPTIONS")
    assert found == importlib.import_module(f"scripts.{program}").OPTIONS
    for name, rule in found.items():
        assert name.isidentifier()
        check_schema.Validator.check_schema(rule)
        if "default" in rule:
            check_schema.check(rule["default"], rule, program, name)
    reads = "read_published(" in file.read_text()
    assert (declared.literal(file, "PUBLISHED") is not None) == reads
    assert {"run", "step"} <= {*declared.literal(file, "COLUMNS")}
    assert re.search(r"\bread(_several)?\([\w.]+, \[?\*?COLUMNS", file.read_text())
    in_options = '"format": "metric"' in file.read_text()
    assert declared.literal(file, "METRICS") or in_options


DECLARED = {
    "by": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    "fitted": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.99},
}


def test_defaults_are_filled_in():
    assert options('{"by": ["a"]}', DECLARED) == {"by": ["a"], "fitted": 0.99}
    assert options('{"by": ["a"], "fitted": 1}', DECLARED) == {"by": ["a"], "fitted": 1}
    assert options("{}", {}) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "--options: not JSON (.*); allowed: a JSON object"),
        ("[]", r"--options: is \[\]; allowed: a JSON object"),
        ("{}", "options.by is missing; it must be given"),
        ('{"by": "a,b"}', "options.by is 'a,b'; allowed: array"),
        ('{"by": []}', r"options.by is \[\]; allowed: a list of length at least 1"),
        ('{"by": [1]}', r"options.by\[0\] is 1; allowed: string"),
        ('{"by": ["a"], "fitted": 2}', "options.fitted is 2; allowed: at most 1"),
        ('{"by": ["a"], "fitted": -1}', "options.fitted is -1; allowed: at least 0"),
        ('{"by": ["a"], "fitted": NaN}', "options.fitted is nan; allowed: number"),
        ('{"by": ["a"], "fit": 1}', "options.fit is not a known key; allowed: by, fitted"),
    ],
)
def test_what_is_no_option_is_told_in_a_line(text, told):
    with pytest.raises(UserError, match=told) as caught:
        options(text, DECLARED)
    assert "\n" not in str(caught.value)


MISTAKES = [
    (metric_against_metric, {"x": "nc0", "y": "nc0"}, "options.y is 'nc0', the same as options.x"),
    (metric_against_metric, {"x": "spectrum"}, "spectrum is not one number per row"),
    (by_all_hyperparameters, {"metric": "spectrum"}, "spectrum is not one number per row"),
    (
        by_all_hyperparameters,
        {"metric": "optimizer.name"},
        "optimizer.name is not one number per row",
    ),
    (
        by_weight_decay,
        {"optimizers": ["adam"], "metrics": ["run"]},
        "run is not one number per row",
    ),
    (
        over_time,
        {"by": ["seed"], "across": "seed", "metrics": ["nc0"]},
        "options.across is 'seed', which options.by also names",
    ),
    (over_time, {"by": ["spectrum"], "metrics": ["nc0"]}, "options.by names 'spectrum'"),
    (over_time, {"by": ["sometimes"], "metrics": ["nc0"]}, "options.by names 'sometimes'"),
    (
        over_time,
        {"by": ["seed"], "across": "sometimes", "metrics": ["nc0"]},
        "options.across names 'sometimes'",
    ),
    (over_time, {"by": ["run", "run"], "metrics": ["nc0"]}, "options.by is ['run', 'run']"),
    (
        over_time,
        {
            "by": ["optimizer.name"],
            "metrics": ["nc0"],
            "only": {"optimizer.name": ["adam"], "optimizer.weight_decay": [0.05]},
        },
        "no run has all of these values",
    ),
    (
        over_time,
        {"by": ["seed"], "metrics": ["nc0"], "only": {"seed": 1}},
        "options.only.seed is 1",
    ),
    (
        over_time,
        {"by": ["seed"], "metrics": ["nc0"], "dashed": {"rnc1": "nc0"}},
        "options.dashed names 'rnc1'; allowed: nc0",
    ),
    (margins, {"pairs": [[0, 1, 2]]}, "options.pairs[0] is [0, 1, 2]"),
    (margins, {"pairs": ["0,1"]}, "options.pairs[0] is '0,1'; allowed: array"),
    (zhao2026_fig8, {}, "a seed has several runs at one share"),
]


def arguments(folder, table, given):
    files = [f"--{kind}={folder}/made.{kind}" for kind in ("pdf", "png", "csv")]
    return [f"--data={table}", *files, "--options", json.dumps(given)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    table = TABLE.assign(sometimes=TABLE["seed"].where(TABLE["optimizer.name"] == "adam"))
    table["spectrum"] = [np.array([1.0, 2.0])] * len(table)
    table = table.assign(nc2_etf=0.5, **{"optimizer.coupled_weight_decay": 1.0})
    path = tmp_path_factory.mktemp("study") / "table.parquet"
    parquet.write(path, table)
    return path


@pytest.mark.parametrize(("program", "given", "told"), MISTAKES)
def test_what_cannot_be_drawn_is_told_in_a_line(program, given, told, study, tmp_path):
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        program.main(arguments(tmp_path, study, given))
    assert "\n" not in str(caught.value)


def test_a_study_stands_beside_others_once(study, tmp_path):
    with pytest.raises(UserError, match="--beside: two files have one name"):
        metric_against_metric.main([*arguments(tmp_path, study, {}), "--beside", str(study)])
