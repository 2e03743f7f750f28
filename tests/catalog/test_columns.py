"""What is known of a study's data before there are any."""

import pytest

from latephase.catalog import columns
from latephase.metrics import families
from latephase.runs import grid
from latephase.runs.columns import ALWAYS
from tests.catalog.editing import FIGURES, SETTING, edit, line

RUNS = {"optimizer.name", "optimizer.weight_decay", "seed", "optimizer.lr"}
PARTS = [{"name": "mlp", "widths": [5]}, {"name": "mlp", "widths": [5, 6], "init_scale": 2}]
UNION = {
    # Momentum is SGD's alone, 0 by default in the first grid and on an axis in the second.
    "grids": [
        {"grid": {"optimizer.name": ["sgd", "adamw"]}},
        {"grid": {"optimizer.momentum": [0.5, 0.9]}},
        {"grid": {"model": PARTS, "data.mean": [0, [1]], "steps": [10, 20]}},
    ],
    "grid": {"seed": [1, 2]},
}


def compare(setting):
    """What is said of the runs with the table of them all."""
    names, rows = grid.table(setting, ALWAYS)
    values = columns.Data(setting).values
    assert {"run", *values} == set(names)
    for name, known in values.items():
        held = [row[name] for row in rows if name in row]
        assert all(value in held for value in known)
        assert all(value in known for value in held)


def test_a_few_runs_tell_the_columns_of_all_and_their_values(shipped):
    for study in shipped.studies.values():
        for setting in study["scales"].values():
            compare(setting)
    compare(SETTING | UNION)


@pytest.fixture
def data(shipped):
    return columns.Data(shipped.setting("weight_decay_mlp", "quick"))


def test_a_column_is_of_the_data(data):
    there = {"run", "step", "pack", "diverged_at", "loss_train", "nc0", *RUNS}
    assert all(map(data.has_column, there))
    # The study has one length and no schedule; its optimizer has β₁; nobody derives momentum.
    missing = ("momentum", "steps", "schedule", "optimizer.momentum", "nc00", [1])
    assert not any(map(data.has_column, missing))
    assert not any(map(data.has_metric, RUNS))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"by": ["optimizer.momentum"]}, "by[0] is 'optimizer.momentum'"),
        ({"by": ["seed"], "across": "steps"}, "across is 'steps'"),
        ({"by": ["seed"], "only": {"optimizer.lr": [0.5]}}, "only.optimizer.lr is 0.5; allowed: 0"),
    ],
)
def test_a_column_that_the_data_have_not_is_told_before_anything_runs(
    root, config, arguments, said
):
    entry = {"title": "x", "study": "weight_decay_mlp", "files": ["data"], "script": "over_time"}
    entry["arguments"] = {"quick": arguments | {"metrics": ["nc0"]}, "paper": arguments}
    edit(root / FIGURES, ["more"], entry)
    assert line(root, config).startswith(f"{FIGURES}: more.arguments.quick.{said}")


def test_a_metric_with_a_list_a_row_is_none_that_can_be_drawn(root, config, data):
    formats = columns.formats([data])
    for name in ("weight_spectrum", "means_spectrum"):
        assert formats["measured"][0](name)
        assert not formats["metric"][0](name)
        assert name not in formats["metric"][1](name)
    entry = {"title": "x", "study": "weight_decay_mlp", "files": ["data"], "script": "over_time"}
    entry["arguments"] = {"both": {"by": ["seed"], "metrics": ["weight_spectrum"]}}
    edit(root / FIGURES, ["more"], entry)
    assert "metrics[0] is 'weight_spectrum'; allowed: a metric of the data" in line(root, config)


def own(data, monkeypatch, folder, text):
    """The same with a metric of the user's own."""
    (folder / "mine.py").write_text(text)
    monkeypatch.setattr(families, "OWN", folder)
    return columns.Data(data.setting | {"metrics": ["mine"]})


def test_a_metric_of_ones_own_may_return_what_nothing_else_is_called(data, monkeypatch, tmp_path):
    data = own(data, monkeypatch, tmp_path, "def mine(weight):\n    return {}\n")
    assert all(map(data.has_metric, ("nc0", "sparsity_train", "dead", "mine")))
    known = ("nc3_dualty", "acuracy_test", "optimizer.nam", "steps", "momentum")
    assert not any(map(data.has_column, known))
    assert not data.has_metric("hessian_trace")  # of a family that the study does not ask for
    told = columns.formats([data])["metric"][1]("nc3_dualty")
    assert told == (
        "a metric of the data, such as nc3_duality, nc3_product, "
        "or one that COLUMNS declares in latephase/metrics/own/mine.py"
    )


def test_a_metric_of_ones_own_that_declares_its_columns_has_no_others(data, monkeypatch, tmp_path):
    data = own(data, monkeypatch, tmp_path, "COLUMNS: tuple = ('cdnv2', 'dead')\n")
    assert all(map(data.has_metric, ("nc0", "cdnv2", "dead")))
    assert not data.has_metric("sparsity_train")


def test_what_stands_for_a_layer_is_not_another_column_misspelt(data):
    data = columns.Data(data.setting | {"metrics": ["curvature"]})
    start = "relative_flatness_layer_"
    good = ("0", "hidden.0", "fc_out", "0_error", "hidden.0_error", "error")
    assert all(data.has_metric(start + name) for name in good)
    bad = ("0_eror", "hidden.0_errors", "0_err", "<layer>", "")
    assert not any(data.has_metric(start + name) for name in bad)
