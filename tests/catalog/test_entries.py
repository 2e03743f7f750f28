import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from latephase.catalog import check_shown, entries, load
from latephase.errors import UserError
from latephase.runs import grid, packs, spec

ROOT = Path(__file__).parents[2]
STUDY = "catalog/sakamoto2026/studies/weight_decay_mlp.yaml"
FIGURES, CLAIMS, PAPER = (
    f"catalog/sakamoto2026/{name}.yaml" for name in ("figures", "claims", "paper")
)
ATLAS = "catalog/atlas/figures.yaml"
MORE_FIGURES, TABLES = (f"catalog/zhao2026/{name}.yaml" for name in ("figures", "tables"))
DATASETS = "catalog/datasets.yaml"
OWN = "catalog/own/studies"
QUICK = ("scales", "quick")


def load_yaml(text):
    return yaml.load(text, yaml.CSafeLoader)


def dump_yaml(content):
    return yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False)


@pytest.fixture
def root(tmp_path):
    """A copy of the catalog, to edit."""
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    return tmp_path


@pytest.fixture
def config():
    return load_yaml((ROOT / "config.yaml").read_text())


def edit(path, keys, value):
    """Set a value in a YAML file at a path of keys and indices."""
    content = load_yaml(path.read_text())
    node = content
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    path.write_text(dump_yaml(content))


def line(root, config):
    """What loading the catalog complains of: one line."""
    with pytest.raises(UserError) as caught:
        load.load(root, config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_catalog_loads_whatever_the_scale(config):
    for scale in entries.SCALES:
        loaded = load.load(ROOT, config | {"scale": scale})
        assert loaded.chosen_figures(scale)
        assert loaded.chosen_tables(scale) == list(loaded.tables)
        assert loaded.chosen_claims(scale)
        for study in loaded.chosen_studies(scale):
            runs = [spec.run_id(run) for run in grid.specs(loaded.setting(study, scale))]
            held = [
                spec.run_id(run)
                for pack in loaded.packs_of(study, scale)
                for run in spec.runs_of(loaded.packs[pack])
            ]
            assert sorted(runs) == sorted(held)
            assert scale in loaded.note([study], scale)


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
    (["data", "name"], "digit", "data.name is 'digit'", "digits, fashion_mnist"),
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
    (["grid", "data.train_size"], [200, 50], "batch_size is 100", "size, 50"),
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
    (["margins", "steps"], [10**9], "margins.steps is [1000000000]", "at most"),
    (["margins", "pairs"], [[0, 10]], "margins.pairs[0] is [0, 10]", "classes 0 to 9"),
    (["metrics"], ["nc7"], "metrics[0] is 'nc7'", "curvature, mutual_information"),
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
        f"{STUDY}: scales.quick.model.samples is 500; allowed: as many as there are to test, 100"
    )


def test_a_schedule_and_what_decays_are_of_a_runs_identity_where_they_are_given(root, config):
    """And packs are cut along a schedule's numbers, which a pack cannot hold several of."""

    def packs():
        return load.load(root, config).packs_of("weight_decay_mlp", "quick")

    found = [packs()]
    edit(root / STUDY, [*QUICK, "decay_on"], "weights")
    found.append(packs())
    edit(root / STUDY, [*QUICK, "schedule"], {"name": "steps", "milestones": [10, 20]})
    found.append(packs())
    edit(root / STUDY, [*QUICK, "grid", "schedule.factor"], [0.1, 0.5])
    found.append(packs())
    assert [len(ids) for ids in found] == [6, 6, 6, 12]
    assert len(set().union(*found)) == 24  # 0.1 is the default
    assert set(found[2]) < set(found[3])


def test_the_ids_of_the_first_study_are_pinned(config):
    """Whatever a setting may hold that this one does not: a change retrains all of it."""
    loaded = load.load(ROOT, config | {"packs": {"mlp": {"cpu": {"seed": 3}}}})
    ids = [sorted(loaded.packs_of("weight_decay_mlp", scale)) for scale in entries.SCALES]
    assert spec.digest(ids) == "0a3521a3be07"


def test_sizes_are_checked_in_every_run_of_the_grid(root, config):
    """Each axis alone is fine with the first value of the other."""
    edit(root / STUDY, [*QUICK, "grid", "data.train_size"], [1000, 200])
    edit(root / STUDY, [*QUICK, "grid", "batch_size"], [100, 500])
    assert "grid.batch_size[1] is 500" in line(root, config)


BAD_FILES = [
    (STUDY, ["title"], 3, "title is 3", "string"),
    (STUDY, ["added"], "yesterday", "added is 'yesterday'", "a date"),
    (STUDY, ["added"], "2026-13-40", "added is '2026-13-40'", "a date"),
    (STUDY, ["paper"], "sakamoto2026", "paper is not a known key", "question, scales, title"),
    (PAPER, ["heading"], "a: b", "heading is 'a: b'", "matches"),
    (PAPER, ["title"], "x", "title is not a known key", "heading"),
    (
        ATLAS,
        ["atlas_overview", "arguments", "quick"],
        {"weight_decay": 0.7},
        "atlas_overview.arguments.quick.weight_decay is 0.7",
        "0.3, 0.2, 0.14",
    ),
    (
        ATLAS,
        ["atlas_overview", "arguments", "quick"],
        {"colour": "red"},
        "atlas_overview.arguments.quick.colour is not a known key",
        "seed, weight_decay",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        ["loss_train", "nc3_dualty"],
        "zhao2026_fig4.arguments.both.metrics[1] is 'nc3_dualty'",
        "a metric of the data, such as nc3_duality",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        ["optimizer.lr"],
        "zhao2026_fig4.arguments.both.metrics[0] is 'optimizer.lr'",
        "a metric of the data",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        ["hessian_trace"],
        "zhao2026_fig4.arguments.both.metrics[0] is 'hessian_trace'",
        "a metric of the data",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "metrics"],
        "nc0",
        "zhao2026_fig4.arguments.both.metrics is 'nc0'",
        "array",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "by"],
        ["optimizer.momentom"],
        "zhao2026_fig4.arguments.both.by[0] is 'optimizer.momentom'",
        "a column of the data, such as optimizer.momentum",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "only"],
        {"optimizer.momentom": [0.9]},
        "zhao2026_fig4.arguments.both.only",
        "optimizer.momentum",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both", "only"],
        {"optimizer.momentum": [0.8]},
        "zhao2026_fig4.arguments.both.only.optimizer.momentum is 0.8",
        "0.9",
    ),
    (
        MORE_FIGURES,
        ["zhao2026_fig4", "arguments", "both"],
        {"by": ["optimizer.momentum"]},
        "zhao2026_fig4.arguments.quick.metrics is missing",
        "must be given",
    ),
    (
        CLAIMS.replace("sakamoto2026", "zhao2026"),
        ["claims", 1, "arguments", "metric"],
        "nc00",
        "zhao2026-sgd-falls.arguments.metric is 'nc00'",
        "such as nc0",
    ),
    (STUDY, ["scales", "huge"], {}, "scales.huge is not a known key", "paper, quick"),
    (FIGURES, ["sakamoto2026_fig3", "study"], "wd", "sakamoto2026_fig3.study is 'wd'", "weight_d"),
    (FIGURES, ["sakamoto2026_fig3", "tables"], ["nc9"], "sakamoto2026_fig3.tables[0]", "margins"),
    (
        FIGURES,
        ["sakamoto2026_fig3", "tables"],
        ["table", "published"],
        "sakamoto2026_fig3.tables",
        "no catalog/sakamoto2026/published/sakamoto2026_fig3.csv",
    ),
    (TABLES, ["zhao2026_table2", "study"], "six", "zhao2026_table2.study is 'six'", "weight_decay"),
    (TABLES, ["zhao2026_table7", "beside"], ["x"], "zhao2026_table7.beside is 'x'", "weight_decay"),
    (TABLES, ["zhao2026_table2", "beside"], ["weight_decay_mlp"], "zhao2026_table2.beside", "toge"),
    (TABLES, ["zhao2026_table2", "tables"], ["margins"], "zhao2026_table2.tables[0]", "published"),
    (TABLES, ["zhao2026_table2", "colour"], 1, "zhao2026_table2.colour is not a known", "script"),
    (
        TABLES,
        ["zhao2026_table2", "script"],
        "zhao2026_fig2",
        "zhao2026_table2 has no script scripts/tables/zhao2026_fig2.py",
        "zhao2026_table2, zhao2026_table3",
    ),
    (
        TABLES,
        ["zhao2026_table2", "arguments"],
        {"quick": {"colour": "red"}},
        "zhao2026_table2.arguments.quick.colour is not a known key",
        "allowed: ",
    ),
    (
        TABLES,
        ["zhao2026_table2", "published"],
        "zhao2026_table1",
        "zhao2026_table2.tables",
        "no catalog/zhao2026/published/zhao2026_table1.csv",
    ),
    (FIGURES, ["Fig 3"], {}, "Fig 3 is not a name", "^[a-z0-9_]+"),
    (CLAIMS, ["claims", 0, "study"], "wd", "sakamoto2026-delay.study is 'wd'", "weight_decay_mlp"),
    (CLAIMS, ["claims", 1, "id"], "sakamoto2026-delay", "id 'sakamoto2026-delay'", "once"),
    (CLAIMS, ["claims", 0, "statistic"], "luck", "sakamoto2026-delay.statistic is 'luck'", "clock"),
    (CLAIMS, ["claims", 0, "arguments"], {"stay": 3}, "sakamoto2026-delay.arguments", "threshold"),
    (
        CLAIMS,
        ["claims", 0, "threshold"],
        {"low": None, "high": None},
        "claims[0].threshold",
        "number",
    ),
    (DATASETS, ["digits", "shape"], [8, 8], "digits.shape is [8, 8]", "length at least 3"),
    (DATASETS, ["Digits"], {}, "Digits is not a known key", "^[a-z][a-z0-9_]*$"),
]


@pytest.mark.parametrize(("file", "keys", "value", "named", "allowed"), BAD_FILES)
def test_a_bad_catalog_is_one_line(root, config, file, keys, value, named, allowed):
    edit(root / file, keys, value)
    message = line(root, config)
    assert message.startswith(f"{file}: {named}")
    assert allowed in message


BAD_TEXTS = [
    ("scales: {quick: [", f"{STUDY}: cannot be read at line 2 ("),
    ("title: x\ntitle: y\n", f"{STUDY}: cannot be read at line 2 (key 'title' stands twice)"),
    ("title: {1: x}\n", f"{STUDY}: cannot be read at line 1 (key 1 is not text)"),
    ("", f"{STUDY}: its content is None; allowed: object"),
    ("\udcff", f"{STUDY}: cannot be read at byte 0 (not UTF-8)"),
]


@pytest.mark.parametrize(("text", "start"), BAD_TEXTS)
def test_what_is_not_yaml_is_one_line(root, config, text, start):
    (root / STUDY).write_bytes(text.encode(errors="surrogateescape"))
    assert line(root, config).startswith(start)


@pytest.mark.parametrize("file", [STUDY, FIGURES, CLAIMS, DATASETS, PAPER])
@pytest.mark.parametrize("tag", ["object/apply:os.mkdir [made]", "name:os.mkdir", "module:os"])
def test_python_in_yaml_is_one_line_and_is_not_run(root, config, tmp_path, monkeypatch, file, tag):
    monkeypatch.chdir(tmp_path)
    (root / file).write_text(f"title: !!python/{tag}\n")
    kind = tag.partition(" ")[0]
    assert line(root, config).startswith(
        f"{file}: cannot be read at line 1 (could not determine a constructor for the tag "
        f"'tag:yaml.org,2002:python/{kind}')"
    )
    assert not (tmp_path / "made").exists()


TENFOLD = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
BOMBS = [
    ("\n".join(["a0: &a0 x", *TENFOLD]), " at line 1 (more than 100000 values"),
    ("a: &a [*a]", " at line 1 (more than 100000 values"),
    ("a: &a {b: *a}", " at line 1 (more than 100000 values"),
    ("[" * 101, " at line 1 (nested too deeply)"),
    ("[" * 200_000, " at line 1 (nested too deeply)"),
]


@pytest.mark.parametrize(("text", "told"), BOMBS)
def test_yaml_without_end_is_one_line(root, config, text, told):
    (root / STUDY).write_text(text)
    assert line(root, config).startswith(f"{STUDY}: cannot be read{told}")


def test_a_date_without_quotes_is_explained(root, config):
    text = (root / STUDY).read_text()
    (root / STUDY).write_text(text.replace('"2026-11-22"', "2026-11-22"))
    assert 'added is 2026-11-22; allowed: string (YAML reads 2026-11-22 as a date: write "' in line(
        root, config
    )


def test_a_missing_file_is_one_line(root, config):
    (root / DATASETS).unlink()
    assert line(root, config).startswith(f"{DATASETS}: cannot be read (No such file")


def test_of_a_paper_s_files_one_must_be_there(root, config):
    """A folder without paper.yaml is none of the catalog's."""
    before = load.load(root, config)
    (root / "catalog/new2030").mkdir()
    assert load.load(root, config).papers == before.papers
    (root / "catalog/new2030/paper.yaml").write_text("heading: New 2030\n")
    assert load.load(root, config).papers == before.papers | {"new2030": "New 2030"}


@pytest.mark.parametrize("kind", ["figures", "tables"])
def test_a_name_stands_in_one_paper_alone(root, config, kind):
    file = root / "catalog/zhao2026" / f"{kind}.yaml"
    name = next(iter(load_yaml(file.read_text())))
    (root / f"catalog/own/{kind}.yaml").write_text(dump_yaml({name: {}}))
    (root / f"catalog/own/{kind}.yaml").write_text(file.read_text())
    assert line(root, config).startswith(
        f"catalog/zhao2026/{kind}.yaml: {name} stands in catalog/own"
    )


def test_a_study_stands_in_one_paper_alone(root, config):
    shutil.copy(root / STUDY, root / OWN)
    message = line(root, config)
    assert message.startswith(f"{STUDY}: weight_decay_mlp stands in catalog/own too; allowed: ano")


def test_a_figure_without_a_script_is_one_line(root, config):
    entry = load_yaml((root / FIGURES).read_text())["sakamoto2026_fig3"]
    edit(root / FIGURES, ["fig99"], entry)
    assert line(root, config).startswith(f"{FIGURES}: fig99 has no script scripts/figures/fig99.py")


def test_the_metrics_that_a_program_shows_are_checked(root, config, monkeypatch):
    literal = check_shown.declared.literal

    def mistaken(file, variable):
        found = literal(file, variable)
        return (
            ("nc0", "nc3_dualty")
            if (file.stem, variable) == ("zhao2026_fig8", "METRICS")
            else found
        )

    monkeypatch.setattr(check_shown.declared, "literal", mistaken)
    assert line(root, config) == (
        "scripts/figures/zhao2026_fig8.py: METRICS[1] is 'nc3_dualty'; "
        "allowed: a metric of the data, such as nc3_duality, nc3_product"
    )


def test_the_columns_of_published_values_are_checked(root, config, monkeypatch):
    literal = check_shown.declared.literal

    def mistaken(file, variable):
        found = literal(file, variable)
        return ["momentom"] if (file.stem, variable) == ("zhao2026_fig5", "PUBLISHED") else found

    monkeypatch.setattr(check_shown.declared, "literal", mistaken)
    assert line(root, config).startswith(
        "catalog/zhao2026/published/zhao2026_fig5.csv: column momentom is missing, which "
        "scripts/figures/zhao2026_fig5.py asks for; it has momentum"
    )


def test_a_template_stands_for_figures_that_are_checked(root, config):
    loaded = load.load(root, config)
    assert {f"zhao2026_fig{number}" for number in range(32, 56)} <= set(loaded.figures)
    assert loaded.figures["zhao2026_fig37"]["study"] == "optimizers_resnet9_fashion_mnist"
    assert loaded.figures["zhao2026_fig37"]["arguments"]["both"] == {"metric": "nc1_pinv"}
    content = load_yaml((root / MORE_FIGURES).read_text())
    template = content["zhao2026_fig{32..55}"]
    template["each"]["study"]["nope"] = template["each"]["study"].pop("optimizers_vgg9_cifar10")
    (root / MORE_FIGURES).write_text(dump_yaml(content))
    assert line(root, config).startswith(
        f"{MORE_FIGURES}: zhao2026_fig52.study is 'nope'; allowed:"
    )


def test_every_figure_of_zhao2026_is_a_target(config):
    loaded = load.load(ROOT, config)
    named = {f"zhao2026_fig{number}" for number in (*range(1, 10), *range(14, 59))}
    assert named <= set(loaded.figures)
    images = {"zhao2026_fig30", "zhao2026_fig31"}  # The user's to bring, at scale paper.
    assert named - set(loaded.chosen_figures("paper")) == images
    assert images <= set(loaded.chosen_figures("quick"))


def test_options_for_both_scales_are_checked_at_each(root, config):
    add_study(root, "decays", "2030-01-02", {"optimizer.weight_decay": [0.01], "seed": [1]})
    entry = load_yaml((root / FIGURES).read_text())["sakamoto2026_fig2"]
    more = {"study": "decays", "tables": ["table"], "script": "sakamoto2026_fig2"}
    more["arguments"] = {"both": {"weight_decay": 0.5}}
    edit(root / FIGURES, ["more"], entry | more)
    assert (
        line(root, config) == f"{FIGURES}: more.arguments.both.weight_decay is 0.5; allowed: 0.01"
    )
    edit(root / FIGURES, ["more", "arguments"], {"both": {"weight": 0.5}})
    assert f"{FIGURES}: more.arguments.both.weight is not a known key" in line(root, config)


def test_studies_beside_are_left_out_where_they_lack_the_scale(root, config):
    add_study(root, "only_quick", "2030-01-02", {"seed": [1]})
    entry = {"title": "x", "study": "weight_decay_mlp"}
    entry |= {
        "beside": ["only_quick"],
        "tables": ["table", "beside"],
        "script": "metric_against_metric",
    }
    edit(root / FIGURES, ["both"], entry)
    loaded = load.load(root, config)
    assert loaded.studies_of(entry, "quick") == ["weight_decay_mlp", "only_quick"]
    assert loaded.studies_of(entry, "paper") == ["weight_decay_mlp"]
    assert "both" in loaded.chosen_figures("paper")
    # A table compares what stands beside it: it needs it at all its scales.
    edit(root / TABLES, ["both"], entry | {"script": "zhao2026_table7"})
    assert line(root, config) == (
        f"{TABLES}: both.beside is 'only_quick', which has no scale 'paper'; "
        "allowed: studies with the scales of weight_decay_mlp"
    )


def test_a_figure_of_margins_needs_a_study_with_margins(root, config):
    content = load_yaml((root / STUDY).read_text())
    del content["scales"]["quick"]["margins"]
    (root / STUDY).write_text(dump_yaml(content))
    assert line(root, config).startswith(f"{STUDY}: scales.quick.margins is missing")


BAD_CONFIGS = [
    ({"scale": "fast"}, "scale is 'fast'; allowed: quick, paper"),
    ({"figures": ["nope"]}, "figures names 'nope'; allowed: all, atlas_overview"),
    ({"figures": "sakamoto2026_fig3"}, "figures is 'sakamoto2026_fig3'; allowed: all or a list"),
    ({"device": "tpu"}, "device is 'tpu'; allowed: text that matches"),
    ({"packs": {"mlp": {"cpu": {"seed": 0}}}}, "packs.mlp.cpu.seed is 0; allowed: at least 1"),
    ({"packs": {"mlp": {"cpu": {"lr": 2}}}}, "packs.mlp.cpu.lr is not a number"),
    ({"packs": {"mlp": {"gpu": {"seed": 2}}}}, "packs.mlp.gpu is not a known key; allowed: cpu"),
    ({"packs": {"mpl": {}}}, "packs.mpl is not a model; allowed: cnn, mlp"),
    ({"npz": {"My Data": "x.npz"}}, "npz.My Data is not a name that matches ^[a-z0-9_]+$"),
    ({"npz": {"digits": "x.npz"}}, "npz.digits is the name of a shipped data set"),
    ({"gpus": 4}, "gpus is not a known key; allowed: device, downloads, figures"),
]


@pytest.mark.parametrize(("change", "message"), BAD_CONFIGS)
def test_a_bad_configuration_is_one_line(root, config, change, message):
    assert line(root, config | change).startswith(f"config: {message}")


def test_a_missing_key_of_the_configuration_is_one_line(root, config):
    del config["device"]
    assert line(root, config) == "config: device is missing; it must be given"


def test_a_missing_npz_is_one_line(root, config, tmp_path):
    config["npz"] = {"mine": str(tmp_path / "mine.npz")}
    assert line(root, config).startswith(f"{tmp_path / 'mine.npz'}: no such file")


def test_a_study_names_a_users_npz_and_its_sizes_are_checked(root, config, tmp_path):
    labels = np.arange(60) % 3
    inputs = np.zeros((60, 4), np.float32)
    arrays = {"x_train": inputs, "y_train": labels, "x_test": inputs, "y_test": labels}
    np.savez(tmp_path / "mine.npz", **arrays)
    config["npz"] = {"mine": str(tmp_path / "mine.npz")}
    edit(root / STUDY, [*QUICK, "data"], {"name": "mine"})
    edit(root / STUDY, [*QUICK, "batch_size"], 60)
    edit(root / STUDY, [*QUICK, "margins", "pairs"], [[0, 2]])
    assert "mine (user), n = 60" in load.load(root, config).note(["weight_decay_mlp"], "quick")
    edit(root / STUDY, [*QUICK, "batch_size"], 61)
    assert "batch_size is 61; allowed: at most the training set's size, 60" in line(root, config)


SETTING = {
    "data": {"name": "digits", "train_size": 100},
    "model": {"name": "mlp", "widths": [10]},
    "loss": {"name": "mse"},
    "optimizer": {"name": "sgd", "lr": 0.1},
    "batch_size": 50,
    "steps": 10,
    "checkpoints": {"log": 3},
}


def add_study(root, name, added, grid):
    study = {
        "title": name,
        "question": "?",
        "added": added,
        "scales": {"quick": SETTING | {"grid": grid}},
    }
    (root / OWN / f"{name}.yaml").write_text(dump_yaml(study))


def test_studies_that_share_runs_share_the_packs_of_the_older(root, config):
    seeds = [1, 2, 3, 4, 5, 6, 7]
    add_study(root, "older", "2030-01-02", {"optimizer.lr": [0.1, 0.2], "seed": seeds})
    alone = load.load(root, config)
    # By its name it comes first, by its date last. Two of its runs are the older's, cut otherwise.
    add_study(root, "newer", "2030-01-03", {"optimizer.lr": [0.3, 0.2], "seed": [1, 2, 8]})
    both = load.load(root, config)

    for study in alone.chosen_studies("quick"):
        assert both.packs_of(study, "quick") == alone.packs_of(study, "quick")
    shared = set(both.packs_of("newer", "quick")) & set(both.packs_of("older", "quick"))
    assert len(shared) == 1
    own = set(both.packs) - set(alone.packs)
    assert own == set(both.packs_of("newer", "quick")) - shared
    held = [spec.run_id(run) for pack in both.packs.values() for run in spec.runs_of(pack)]
    assert len(held) == len(set(held))
    wanted = {spec.run_id(run) for run in grid.specs(both.setting("newer", "quick"))}
    packs = [both.packs[pack] for pack in both.packs_of("newer", "quick")]
    assert wanted <= {spec.run_id(run) for pack in packs for run in spec.runs_of(pack)}


def test_appending_a_seed_keeps_every_full_pack(root, config):
    config["packs"] = {"mlp": {"cpu": {"seed": 5}}}
    add_study(root, "grown", "2030-01-02", {"optimizer.lr": [0.1, 0.2], "seed": list(range(7))})
    before = load.load(root, config).packs_of("grown", "quick")
    add_study(root, "grown", "2030-01-02", {"optimizer.lr": [0.1, 0.2], "seed": list(range(8))})
    grown = load.load(root, config)
    after = grown.packs_of("grown", "quick")
    assert [len(grown.packs[pack]["runs"]) for pack in after] == [5, 3, 5, 3]
    assert [pack for pack in before if pack in after] == [after[0], after[2]]


def test_packs_that_hold_runs_with_given_values(root, config):
    config["packs"] = {"mlp": {"cpu": {"seed": 5}}}
    add_study(root, "held", "2030-01-02", {"optimizer.lr": [0.1, 0.2], "seed": list(range(7))})
    loaded = load.load(root, config)
    packs = loaded.packs_of("held", "quick")
    assert loaded.packs_holding("held", "quick", {"optimizer.lr": 0.2}) == packs[2:]
    assert loaded.packs_holding("held", "quick", {"optimizer.lr": 0.2, "seed": 6}) == packs[3:]


def test_a_study_without_the_scale_has_no_figures_there(root, config):
    add_study(root, "only_quick", "2030-01-02", {"seed": [1]})
    edit(root / FIGURES, ["sakamoto2026_fig3", "study"], "only_quick")
    loaded = load.load(root, config)
    assert "sakamoto2026_fig3" in loaded.chosen_figures("quick")
    assert "sakamoto2026_fig3" not in loaded.chosen_figures("paper")
    assert "only_quick" not in loaded.chosen_studies("paper")
    for ask in (loaded.setting, loaded.packs_of, lambda study, scale: loaded.note([study], scale)):
        with pytest.raises(UserError, match=r"only_quick\.yaml: no scale 'paper'; allowed: quick"):
            ask("only_quick", "paper")


def test_the_note_names_all_of_an_axis(root, config):
    grid = {"steps": [10, 2000], "data.train_size": [60, 1000, 80], "seed": [1, 2]}
    add_study(root, "sizes", "2030-01-02", grid)
    note = load.load(root, config).note(["sizes"], "quick")
    assert note == (
        "mlp on digits (embedded), n = 60, 80 or 1,000, 10 or 2,000 steps, 2 seeds, scale quick"
    )


def test_loading_costs_the_same_for_each_run(root, config, monkeypatch):
    """Each job on a cluster loads the catalog anew: a run is put into words three times, no more.

    Once for its id, once for what is common to its pack, once for the pack's id.
    """
    texts = []
    canonical = spec.canonical
    for module in (spec, packs):
        monkeypatch.setattr(module, "canonical", lambda value: texts.append(1) or canonical(value))
    counts = []
    for seeds in (20, 120, 220):
        add_study(root, "many", "2030-01-02", {"seed": list(range(seeds))})
        texts.clear()
        load.load(root, config | {"packs": {}})
        counts.append(len(texts))
    few, more, most = counts
    assert more - few == most - more == 3 * 100


def test_importing_and_loading_needs_no_heavy_library():
    program = (
        "import sys, yaml; from pathlib import Path; from latephase.catalog import load\n"
        "load.load(Path('.').resolve(), yaml.safe_load(open('config.yaml')))\n"
        "print([name for name in ('torch', 'pandas', 'numpy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


LIKE = {
    "title": "t",
    "question": "q",
    "added": "2026-12-09",
    "scales": {
        "quick": {
            "like": "momentum_decay_sgd",
            "data": {"name": "digits", "train_size": 150},
            "steps": 500,
        }
    },
}


def test_a_study_like_another_is_laid_over_it(root, config):
    (root / OWN / "alike.yaml").write_text(dump_yaml(LIKE))
    loaded = load.load(root, config)
    mine, theirs = (loaded.setting(name, "quick") for name in ("alike", "momentum_decay_sgd"))
    assert mine["data"] == theirs["data"] | {"train_size": 150}
    assert mine["steps"] == 500
    assert "like" not in mine
    unchanged = ("model", "loss", "optimizer", "grid", "checkpoints", "batch_size")
    assert all(mine[key] == theirs[key] for key in unchanged)
    packs = [loaded.packs_of(name, "quick") for name in ("alike", "momentum_decay_sgd")]
    assert len(packs[0]) == len(packs[1])


@pytest.mark.parametrize("name", ["nothing", "alike", "optimizers_resnet9_mnist"])
def test_like_what_there_is_not_is_told(root, config, name):
    """No study, itself, or one that has the scale at most like another."""
    study = LIKE | {"scales": {"quick": {"like": name}}}
    (root / OWN / "alike.yaml").write_text(dump_yaml(study))
    message = line(root, config)
    assert message.startswith(f"{OWN}/alike.yaml: scales.quick.like is '{name}'; allowed:")
    assert "weight_decay_mlp" in message


def test_a_study_packs_its_runs_as_it_says(root, config):
    edit(root / STUDY, [*QUICK, "pack"], {"optimizer.weight_decay": 3, "seed": 5})
    loaded = load.load(root, config)
    (pack,) = loaded.packs_of("weight_decay_mlp", "quick")
    assert len(loaded.packs[pack]["runs"]) == 15
    edit(root / STUDY, [*QUICK, "pack"], {"optimizer.beta2": 3})
    assert "scales.quick.pack.optimizer.beta2 is not a number that a pack" in line(root, config)
