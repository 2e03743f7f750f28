"""A study of several grids: what their union is, how it is cut, what is said of mistakes."""

import pandas as pd
import pytest

from latephase.catalog import entries, load
from latephase.catalog.check_grids import check_grids
from latephase.errors import UserError
from latephase.runs import grid, spec
from latephase.runs.columns import ALWAYS
from tests.catalog.editing import ROOT, SETTING, dump_yaml, load_yaml

SGD = {"optimizer": {"name": "sgd"}, "grid": {"optimizer.lr": [0.1, 0.2]}}
ADAMW = {"optimizer": {"name": "adamw", "beta1": 0.5}, "grid": {"optimizer.lr": [0.01]}}
COMMON = {key: value for key, value in SETTING.items() if key != "optimizer"}
STUDY = COMMON | {
    "optimizer": {"name": "sgd", "lr": 1.0, "momentum": 0.9},
    "grid": {"optimizer.weight_decay": [0.0, 0.5], "seed": [1, 2, 3, 4]},
    "grids": [SGD, ADAMW],
}
"""Two optimizers, each with learning rates of its own: 16 runs and 8."""
FILE = "catalog/own/studies/union.yaml"


def add(root, setting, name="union", added="2030-01-02"):
    study = {"title": name, "question": "?", "added": added, "scales": {"quick": setting}}
    (root / f"catalog/own/studies/{name}.yaml").write_text(dump_yaml(study))


def test_the_ids_of_the_shipped_study_are_pinned():
    """A change of these retrains everything that anyone has."""
    config = load_yaml((ROOT / "config.yaml").read_text())
    loaded = load.load(ROOT, config | {"packs": {"mlp": {"cpu": {"seed": 3}}}})
    packs = {scale: loaded.packs_of("weight_decay_mlp", scale) for scale in entries.SCALES}
    assert [len(ids) for ids in packs.values()] == [6, 12]
    assert [spec.digest(ids) for ids in packs.values()] == ["7d629548776a", "c0f6642b8731"]


def test_a_study_without_grids_is_its_own_only_member():
    setting = SETTING | {"grid": {"seed": [1]}}
    assert grid.members(setting) == [setting]


def test_an_entry_is_laid_over_what_stands_beside_it():
    sgd, adamw = grid.members(STUDY)
    # Of one name: by key. Of another, whose parameters are others: whole.
    assert sgd["optimizer"] == {"name": "sgd", "lr": 1.0, "momentum": 0.9}
    assert adamw["optimizer"] == {"name": "adamw", "beta1": 0.5}
    assert sgd["grid"] == STUDY["grid"] | SGD["grid"]
    assert sgd["model"] == STUDY["model"]
    # One data set's mean is not another's; checkpoints are of one kind or the other.
    entry = {"data": {"name": "mnist"}, "checkpoints": {"every": [[10, 1]]}, "steps": 20}
    laid = grid.laid_over(COMMON | {"data": {"name": "digits", "mean": 0.3}}, entry)
    assert {key: laid[key] for key in entry} == entry


def test_a_study_of_grids_has_the_runs_of_each_as_if_it_stood_alone():
    runs = [spec.run_id(run) for run in grid.specs(STUDY)]
    apart = [spec.run_id(run) for member in grid.members(STUDY) for run in grid.specs(member)]
    assert runs == apart
    assert len(set(runs)) == 24


def test_a_run_of_two_grids_is_one_run():
    twice = STUDY | {"grids": [SGD, SGD | {"grid": {"optimizer.lr": [0.2, 0.3]}}]}
    assert len(grid.specs(twice)) == 24  # and not 32


def test_what_tells_runs_apart():
    assert grid.axes(STUDY) == {
        "optimizer.name": ["sgd", "adamw"],
        "optimizer.beta1": [0.5],
        "optimizer.weight_decay": [0.0, 0.5],
        "seed": [1, 2, 3, 4],
        "optimizer.lr": [0.1, 0.2, 0.01],
    }
    # A name that one entry sets, the others have from beside it.
    models = COMMON | {"grid": {"seed": [1]}, "grids": [{"steps": 20}, {}]}
    assert grid.axes(models) == {"steps": [20, 10], "seed": [1]}


def test_some_runs_of_a_union():
    assert len(grid.specs(STUDY, {"optimizer.lr": 0.01})) == 8
    assert len(grid.specs(STUDY, {"optimizer.name": "sgd", "seed": 2})) == 4
    assert len(grid.specs(STUDY, {"optimizer.name": "adamw", "optimizer.lr": 0.1})) == 0


def test_the_table_has_a_column_of_all_that_differs():
    columns, rows = grid.table(STUDY, ALWAYS)
    table = pd.DataFrame(rows, columns=columns)
    assert list(table) == ["run", *grid.axes(STUDY), "optimizer.momentum"]  # which SGD has
    assert table["optimizer.name"].tolist() == ["sgd"] * 16 + ["adamw"] * 8
    # SGD has no beta1.
    assert table["optimizer.beta1"].isna().tolist() == [True] * 16 + [False] * 8
    pd.testing.assert_series_equal(
        table["run"], pd.Series(map(spec.run_id, grid.specs(STUDY)), name="run", dtype="str")
    )


def test_a_widths_axis_is_its_text():
    run = {"model": {"name": "mlp", "widths": [3, 4]}, "seed": 1}
    named = ["model.widths", "model", "seed", "optimizer.lr"]
    assert grid.row(run, named) == {
        "model.widths": "[3,4]",
        "model": '{"name":"mlp","widths":[3,4]}',
        "seed": 1,
    }


def test_packs_are_cut_grid_by_grid(root, config):
    config["packs"] = {"mlp": {"cpu": {"seed": 3}}}
    add(root, STUDY)
    loaded = load.load(root, config)
    packs = loaded.packs_of("union", "quick")
    assert sorted(len(loaded.packs[pack]["runs"]) for pack in packs) == [1] * 6 + [3] * 6
    assert [pack.split("-")[2] for pack in packs] == ["sgd"] * 8 + ["adamw"] * 4
    # As two studies would have them: nothing is trained again where studies become one.
    for i, member in enumerate(grid.members(STUDY)):
        add(root, member, f"apart{i}", "2030-01-01")
    apart = load.load(root, config)
    assert [*apart.packs_of("apart0", "quick"), *apart.packs_of("apart1", "quick")] == packs
    assert loaded.note(["union"], "quick") == (
        "mlp on digits (embedded), n = 100, 10 steps, 4 seeds, scale quick"
    )


def margins(runs):
    return {"runs": runs, "steps": [1], "pairs": [[0, 1]]}


BAD_GRIDS = [
    # what of the study is changed, the key as named, value and what is allowed as told
    ({"grids": []}, "grids is []", "at least 1"),
    ({"grids": [3]}, "grids[0] is 3", "object"),
    ({"grids": [SGD, {"grid": {"seed": []}}]}, "grids[1].grid.seed is []", "at least 1"),
    ({"grids": [SGD, {"color": 1}]}, "grids[1].color is not a known key", "batch_size"),
    (
        {"grids": [SGD, {"margins": {}}]},
        "grids[1].margins is not a known key",
        "fork, grid, interventions, loss",
    ),
    ({"grids": [SGD, {"steps": 0}]}, "grids[1].steps is 0", "at least 1"),
    ({"grids": [{"optimizer": 3}]}, "grids[0].optimizer is 3", "object"),
    (
        {"grids": [SGD, {"optimizer": {"name": "adma"}}]},
        "grids[1].optimizer.name is 'adma'",
        "adam, adam_mixture, adamw",
    ),
    (
        {"grids": [SGD, {"optimizer": {"name": "adamw"}}]},
        "grids[1].optimizer.lr is missing",
        "must be given",
    ),
    (
        {"grids": [SGD, {"optimizer": {"name": "adamw", "lr": "1e-3"}}]},
        "grids[1].optimizer.lr is '1e-3'",
        "write 0.001",
    ),
    (
        {"grids": [SGD, {"grid": {"optimizer.lr": [0.1, -1]}}]},
        "grids[1].grid.optimizer.lr[1] is -1",
        "above 0",
    ),
    (
        {"grids": [SGD, {"model": {"widths": [9, 0]}}]},
        "grids[1].model.widths[1] is 0",
        "at least 1",
    ),
    # Beside them, and wrong for one of them alone.
    (
        {"grid": {"optimizer.momentum": [0.9], "seed": [1]}},
        "grid.optimizer.momentum[0] is not a known key",
        "beta1, beta2, eps, lr, name, weight_decay (for scales.quick.grids[1])",
    ),
    (
        {"batch_size": 90, "grids": [SGD, {"data": {"train_size": 80}}]},
        "batch_size is 90",
        "size, 80 (for scales.quick.grids[1])",
    ),
    ({"grid": {"optimiser.lr": [1]}}, "grid.optimiser.lr is not a known key", "keys of a run"),
    ({"grid": {"optimizer.weight_decay": [0.0]}}, "grids[0].grid.seed is missing", "must"),
    (
        {"grids": [SGD, {"optimizer": {"weight_decay": 0.1}}]},
        "grids[1].optimizer.weight_decay is 0.1",
        "optimizer.weight_decay in one place",
    ),
    ({"seed": 1}, "seed is 1", "seed in one place"),
    ({"loss": None}, "loss is None", "object"),
    (
        {"margins": margins({"seed": 1}), "grids": [{"model": {"widths": [9]}}, {}]},
        "margins.runs is {'seed': 1}",
        "one model",
    ),
    (
        {"margins": margins({"optimizer.name": "adamw", "optimizer.lr": 0.1})},
        "margins.runs is {'optimizer.name': 'adamw', 'optimizer.lr': 0.1}",
        "values of one grid",
    ),
]


@pytest.mark.parametrize(("change", "named", "allowed"), BAD_GRIDS)
def test_a_bad_grid_is_one_line(root, config, change, named, allowed):
    add(root, STUDY | change)
    with pytest.raises(UserError) as caught:
        load.load(root, config)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{FILE}: scales.quick.{named}")
    assert allowed in message


def test_what_each_grid_gives_need_not_stand_beside_them(root, config):
    both = [SGD | {"model": SETTING["model"]}, ADAMW | {"model": {"name": "mlp", "widths": [5]}}]
    bare = {key: value for key, value in STUDY.items() if key not in ("model", "optimizer")}
    both[0] = both[0] | {"optimizer": {"name": "sgd", "momentum": 0.9}}
    add(root, bare | {"grids": both})
    assert len(load.load(root, config).packs_of("union", "quick")) > 0
    del both[1]["model"]
    add(root, bare | {"grids": both})
    with pytest.raises(UserError, match=r"scales\.quick\.grids\[1\]\.model is missing"):
        load.load(root, config)


def test_a_figure_s_argument_is_a_value_of_any_grid(root, config):
    add(root, STUDY)
    figures = load_yaml((root / "catalog/atlas/figures.yaml").read_text())
    figures["atlas_overview"] |= {
        "study": "union",
        "arguments": {"quick": {"weight_decay": 0.7}},
    }
    (root / "catalog/atlas/figures.yaml").write_text(dump_yaml(figures))
    with pytest.raises(UserError, match=r"weight_decay is 0\.7; allowed: 0\.0, 0\.5"):
        load.load(root, config)


def test_an_entry_of_grids_may_set_steps_and_schedule_and_both_are_columns():
    """As sgd_without_decay does: two lengths of training, drops at thirds of each."""
    config = load_yaml((ROOT / "config.yaml").read_text())
    setting = load.load(ROOT, config).setting("sgd_without_decay", "paper")
    table = pd.DataFrame(grid.table(setting, ALWAYS)[1])
    assert table.groupby("steps")["optimizer.momentum"].apply(list).to_dict() == {
        93800: [0.0, 0.7, 0.9, 0.95, 0.98],
        938000: [0.0, 0.98],
    }
    drops = table.groupby("steps")["schedule.milestones"].unique().map(list).to_dict()
    assert drops == {93800: ["[30954,62377]"], 938000: ["[312354,625177]"]}
    assert set(table["optimizer.weight_decay"]) == {0.0}


@pytest.mark.parametrize(("option", "value"), [("mean", 0.1), ("std", [0.3]), ("resize", 8)])
def test_integers_are_neither_standardised_nor_resized(option, value):
    """Of one number's shape: datasets/stored.py would say so once they are read."""
    schema = load_yaml((ROOT / "catalog/schemas/study.schema.yaml").read_text())
    tokens = {"tokens": {"shape": [5], "train": 100, "test": 50, "classes": 3, "variant": "x"}}
    setting = SETTING | {"data": {"name": "tokens"}, "grid": {"seed": [1]}}
    setting |= {"model": {"name": "transformer"}}
    check_grids(setting, schema, tokens, "here", "quick")
    setting["data"] = {"name": "tokens", option: value}
    with pytest.raises(UserError) as caught:
        check_grids(setting, schema, tokens, "here", "quick")
    assert str(caught.value) == (
        f"here: quick.data.{option} is {value}; "
        "allowed: none, because the inputs of tokens are integers"
    )


def test_no_batch_of_one_where_a_model_normalises_over_the_batch():
    schema = load_yaml((ROOT / "catalog/schemas/study.schema.yaml").read_text())
    digits = {"digits": {"shape": [1, 8, 8], "train": 33, "test": 50, "classes": 10}}
    setting = SETTING | {"data": {"name": "digits"}, "batch_size": 16, "grid": {"seed": [1]}}
    check_grids(setting, schema, digits, "here", "quick")
    setting["model"] = {"name": "cnn", "widths": [4], "batch_norm": False}
    check_grids(setting, schema, digits, "here", "quick")
    for model in ({"name": "cnn", "widths": [4]}, {"name": "resnet9"}):
        setting["model"] = model
        with pytest.raises(UserError, match=r"batch_size is 16, which leaves a batch of one of 33"):
            check_grids(setting, schema, digits, "here", "quick")
        check_grids(setting | {"batch_size": 15}, schema, digits, "here", "quick")


def test_a_model_takes_the_inputs_that_the_data_have():
    schema = load_yaml((ROOT / "catalog/schemas/study.schema.yaml").read_text())
    tokens = {"tokens": {"shape": [5], "train": 100, "test": 50, "classes": 3, "variant": "x"}}
    setting = SETTING | {"data": {"name": "tokens"}, "grid": {"seed": [1]}}
    setting["model"] = {"name": "mlp", "widths": [4]}
    with pytest.raises(UserError) as caught:
        check_grids(setting, schema, tokens, "here", "quick")
    assert str(caught.value) == (
        "here: quick.model.name is mlp; allowed: a model that takes integers, as tokens has them: "
        "bert, gpt2, grok_transformer, transformer"
    )


def test_patches_cover_the_image():
    schema = load_yaml((ROOT / "catalog/schemas/study.schema.yaml").read_text())
    images = {"images": {"shape": [1, 6, 6], "train": 100, "test": 50, "classes": 3}}
    setting = SETTING | {"data": {"name": "images"}, "grid": {"seed": [1]}}
    setting["model"] = {"name": "transformer", "patch": 3}
    check_grids(setting, schema, images, "here", "quick")
    for model in ({"name": "transformer", "patch": 5}, {"name": "transformer"}):
        setting["model"] = model
        with pytest.raises(
            UserError, match=r"quick\.model: the inputs' side is 6; allowed: a mult"
        ):
            check_grids(setting, schema, images, "here", "quick")
