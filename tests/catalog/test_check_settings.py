"""A study's settings: its runs, packs, metrics and margins, and a line for what is wrong."""

import pytest

from latephase.catalog import check_settings, load
from latephase.errors import UserError
from tests.catalog.editing import QUICK, STUDY, edit, line

BAD_STUDIES = [
    # keys under scales.quick, value, the key as named, value and what is allowed as told
    (["color"], "red", "color is not a known key", "batch_size"),
    (["data", "size"], 9, "data.size is not a known key", "train_size"),
    (["model", "width"], [9], "model.width is not a known key", "widths"),
    (["optimizer", "learning_rate"], 1.0, "optimizer.learning_rate is not a known key", "lr"),
    (["model", "widths"], [100, -3], "model.widths[1] is -3", "at least 1"),
    (["model", "widths"], "100", "model.widths is '100'", "array"),
    (["model", "widths"], [100.0], "model.widths[0] is 100.0", "integer"),
    (["model", "init_scale"], 0, "model.init_scale is 0", "above 0"),
    (["model"], {"name": "mlp"}, "model.widths is missing", "must be given"),
    (
        ["optimizer", "lr"],
        "1e-3",
        "optimizer.lr is '1e-3'",
        "as text: write 0.001)",
    ),
    (["optimizer", "lr"], "1.25e-9", "optimizer.lr is '1.25e-9'", "write 1.25e-09)"),
    (["optimizer", "lr"], "1e-9", "optimizer.lr is '1e-9'", "write 1.0e-09)"),
    (["steps"], "2e4", "steps is '2e4'", "integer (YAML reads 2e4 as text: write 20000)"),
    (["optimizer", "lr"], float("nan"), "optimizer.lr is nan", "number"),
    (["optimizer", "lr"], float("inf"), "optimizer.lr is inf", "number"),
    (["optimizer", "beta1"], 1, "optimizer.beta1 is 1", "below 1"),
    (["loss", "reduction"], "max", "loss.reduction is 'max'", "sum, mean"),
    (["data", "name"], "digit", "data.name is 'digit'", "digits, division_mod_97, fashion_mnist"),
    (["model", "name"], "mlpp", "model.name is 'mlpp'", "mlp"),
    (["optimizer", "name"], "adam_w", "optimizer.name is 'adam_w'", "adam, adam_mixture, adamw"),
    (["loss", "name"], "l2", "loss.name is 'l2'", "cross_entropy, mse"),
    (["data", "train_size"], 1001, "data.train_size is 1001", "at most 1000"),
    (["data", "test_size"], 798, "data.test_size is 798", "at most 797"),
    (["data", "std"], "big", "data.std is 'big'", "number or a list of number"),
    (["data", "mean"], [0.1, 0.2], "data.mean is [0.1, 0.2]", "a list of 1 (digits)"),
    (["grid", "data.std"], [[1, 2]], "grid.data.std[0] is [1, 2]", "a list of 1 (digits)"),
    (["batch_size"], 201, "batch_size is 201", "at most the training set's size, 200"),
    (["batch_size"], 0, "batch_size is 0", "at least 1"),
    (["steps"], 2e4, "steps is 20000.0", "integer"),
    (["steps"], True, "steps is True", "integer"),
    (["schedule"], {"name": "stair"}, "schedule.name is 'stair'", "cosine, steps"),
    (["schedule"], {"name": "steps"}, "schedule.milestones is missing", "must be given"),
    (["schedule"], {"name": "steps", "milestones": [0]}, "schedule.milestones[0] is 0", "least 1"),
    (["schedule"], {"name": "cosine", "warmup": 2}, "schedule.warmup is 2", "at most 1"),
    (["grid", "schedule.factor"], [0.1], "grid.schedule.factor is not a known key", "allowed"),
    (["decay_on"], "biases", "decay_on is 'biases'", "only weights"),
    (["data", "resize"], 0, "data.resize is 0", "at least 1"),
    (["grid", "data.resize"], [9, 9.5], "grid.data.resize[1] is 9.5", "integer"),
    (["model"], {"name": "ufm", "samples": 200}, "model: the inputs' side is 8", "only 1"),
    (["checkpoints"], {"log": -1}, "checkpoints.log is -1", "at least 1"),
    (["checkpoints"], {"each": 5}, "checkpoints", "an object with log or an object with every"),
    (
        ["checkpoints"],
        {"every": [[30, 1], [30, 5]]},
        "checkpoints.every has bounds [30, 30]",
        "above",
    ),
    (["seed"], 1, "seed is 1", "one place"),
    (["grid", "seed"], [42, 42], "grid.seed is [42, 42]", "without repeats"),
    (["grid", "seed"], [42, 42.0], "grid.seed is [42, 42.0]", "without repeats"),
    (["grid", "seed"], [42, -1], "grid.seed[1] is -1", "at least 0"),
    (["grid", "seed"], [42.0], "grid.seed[0] is 42.0", "integer"),
    (["grid", "seed"], 42, "grid.seed is 42", "array"),
    (["grid", "seed"], [], "grid.seed is []", "at least 1"),
    (["grid"], {}, "grid.seed is missing", "must be given"),
    (["grid", "colour"], [1], "grid.colour[0] is not a known key", "optimizer"),
    (["grid", "optimizer.color"], [1], "grid.optimizer.color[0] is not a known key", "lr"),
    (["grid", "optimiser.lr"], [0.1], "grid.optimiser.lr is not a known key", "allowed"),
    (["grid", "steps.most"], [1], "grid.steps.most is not a known key", "allowed"),
    (["grid", "margins.steps"], [[1]], "grid.margins.steps is not a known key", "allowed"),
    (["grid", "data.size"], [1], "grid.data.size[0] is not a known key", "train_size"),
    (
        ["grid", "optimizer.lr"],
        ["1e-3"],
        "grid.optimizer.lr[0] is '1e-3'",
        "as text: write 0.001)",
    ),
    (["grid", "optimizer.lr"], [0.1, -0.1], "grid.optimizer.lr[1] is -0.1", "above 0"),
    (["grid", "data.train_size"], [200, "all"], "grid.data.train_size[1] is 'all'", "integer"),
    (["grid", "data.train_size"], [200, 2000], "grid.data.train_size[1] is 2000", "at most 1000"),
    (["grid", "data.train_size"], [200, 40], "batch_size is 50", "size, 40"),
    (["grid", "batch_size"], [10, 500], "grid.batch_size[1] is 500", "at most"),
    (["grid", "model.widths"], [[9], [9, 0]], "grid.model.widths[1][1] is 0", "at least 1"),
    (["grid", "data.name"], ["digits", "letters"], "grid.data.name[1] is 'letters'", "mnist"),
    (
        ["margins", "runs"],
        {"optimizer.weight_decay": 7},
        "margins.runs.optimizer.weight_decay",
        "7",
    ),
    (["margins", "runs"], {"optimizer.lr": 0.1}, "margins.runs.optimizer.lr is 0.1", "an axis"),
    (["steps"], 10**31, "steps is 10000000000000000000000000000000", "1e-30 to 1e+30 in size"),
    (["steps"], 10**20, "steps is 100000000000000000000", "at most 10000000000"),
    (["optimizer", "lr"], 1e-320, "optimizer.lr is 1e-320", "1e-30 to 1e+30 in size"),
    (["data", "mean"], 1e300, "data.mean is 1e+300", "1e-30 to 1e+30 in size"),
    (["checkpoints"], {"log": 10**9}, "checkpoints", "at most 100000"),
    (
        ["checkpoints"],
        {"every": [[10**5, 1], [10**6, 1]]},
        "checkpoints.every has bounds [100000, 1000000]",
        "to 50000",
    ),
    (
        ["schedule"],
        {"name": "steps", "milestones": [20, 10]},
        "schedule.milestones is [20",
        "order",
    ),
    (
        ["grid"],
        {"seed": [*range(1000)], "optimizer.weight_decay": [i / 1000 for i in range(101)]},
        "grid has 101,000 runs",
        "at most 100,000",
    ),
    (["margins", "steps"], [10**9], "margins.steps is [1000000000]", "at most"),
    (["margins", "pairs"], [[0, 10]], "margins.pairs[0] is [0, 10]", "classes 0 to 9"),
    (
        ["metrics"],
        ["nc7"],
        "metrics[0] is 'nc7'",
        "curvature, flatness_as_released, mut",
    ),
    (["metrics"], ["collapse"], "metrics[0] is 'collapse'", "representativeness"),
    (["metrics"], ["curvature", "curvature"], "metrics is ['curv", "without repeats"),
    (["grid", "metrics"], [["curvature"]], "grid.metrics[0] is not a known key", "optimizer"),
    (["margins", "pairs"], [[1, 1]], "margins.pairs[0] is [1, 1]", "without repeats"),
]


@pytest.mark.parametrize(("keys", "value", "named", "allowed"), BAD_STUDIES)
def test_a_bad_study_is_one_line(root, config, keys, value, named, allowed):
    edit(root / STUDY, [*QUICK, *keys], value)
    message = line(root, config)
    assert message.startswith(f"{STUDY}: scales.quick.{named}")
    assert allowed in message


def test_a_model_is_checked_against_the_size_of_its_inputs(root, config):
    edit(root / STUDY, [*QUICK, "model"], {"name": "vit"})
    load.load(root, config)
    edit(root / STUDY, [*QUICK, "grid", "data.resize"], [32, 30])
    assert line(root, config) == (
        f"{STUDY}: scales.quick.model: the inputs' side is 30; allowed: a multiple of 4"
    )


def test_free_features_are_as_many_as_the_samples(root, config):
    data = {"name": "free_features", "train_size": 500, "test_size": 500}
    edit(root / STUDY, [*QUICK, "data"], data)
    edit(root / STUDY, [*QUICK, "model"], {"name": "ufm", "samples": 500})
    load.load(root, config)
    edit(root / STUDY, [*QUICK, "data"], data | {"test_size": 100})
    assert line(root, config) == (
        f"{STUDY}: scales.quick.model.samples is 500; allowed: the number of samples to test, 100"
    )


def test_sizes_are_checked_in_every_run_of_the_grid(root, config):
    """Each axis alone is fine with the first value of the other."""
    edit(root / STUDY, [*QUICK, "grid", "data.train_size"], [1000, 200])
    edit(root / STUDY, [*QUICK, "grid", "batch_size"], [100, 500])
    assert "grid.batch_size[1] is 500" in line(root, config)


def test_a_study_packs_its_runs_as_it_says(root, config):
    edit(root / STUDY, [*QUICK, "pack"], {"optimizer.weight_decay": 3, "seed": 5})
    loaded = load.load(root, config)
    (pack,) = loaded.packs_of("weight_decay_mlp", "quick")
    assert len(loaded.packs[pack]["runs"]) == 15
    edit(root / STUDY, [*QUICK, "pack"], {"optimizer.beta2": 3})
    assert "scales.quick.pack.optimizer.beta2 is not a number in which" in line(root, config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def mine(weight:\n", "cannot be read at line 1 ("),
        ("def mine(wieght):\n    pass\n", "argument wieght of mine is not known"),
        ("COLUMNS = ('dead')\ndef mine(): pass\n", "COLUMNS is 'dead'; allowed: array"),
        ("COLUMNS = ('a', 1)\ndef mine(): pass\n", "COLUMNS[1] is 1; allowed: string"),
        ("COLUMNS = tuple('a')\ndef mine(): pass\n", "COLUMNS at line 1 is tuple('a'); allowed"),
    ],
)
def test_a_metric_of_ones_own_is_read_before_anything_runs(monkeypatch, tmp_path, text, said):
    monkeypatch.setattr(check_settings, "OWN", tmp_path)
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UserError) as caught:
        check_settings.check_metric("mine", "here.metrics[0]")
    assert said in str(caught.value)
    assert "mine.py: " in str(caught.value)


def test_a_metric_of_ones_own_may_hold_any_letters(monkeypatch, tmp_path):
    monkeypatch.setattr(check_settings, "OWN", tmp_path)
    text = '"""Größe."""\nCOLUMNS = ("größe",)\n\n\ndef mine(weight):\n    pass\n'
    (tmp_path / "mine.py").write_bytes(text.encode())
    check_settings.check_metric("mine", "here.metrics[0]")
