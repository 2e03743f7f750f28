"""The catalog as a whole: what is read, what each file may hold, the configuration, its packs."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from latephase.catalog import entries, load
from latephase.runs import grid, packs, spec
from tests.catalog.editing import (
    DATASETS,
    OWN,
    PAPER,
    QUICK,
    ROOT,
    STUDY,
    add_study,
    dump_yaml,
    edit,
    line,
    load_yaml,
)


def test_the_shipped_catalog_loads_whatever_the_scale(config):
    for scale in entries.SCALES:
        loaded = load.load(ROOT, config | {"scale": scale})
        assert loaded.chosen_figures(scale)
        at_this_scale = [
            name
            for name, entry in loaded.tables.items()
            if scale in loaded.studies[entry["study"]]["scales"]
        ]
        assert loaded.chosen_tables(scale) == at_this_scale
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


BAD_FILES = [
    (STUDY, ["title"], 3, "title is 3", "string"),
    (STUDY, ["added"], "yesterday", "added is 'yesterday'", "a date"),
    (STUDY, ["added"], "2026-13-40", "added is '2026-13-40'", "a date"),
    (STUDY, ["paper"], "sakamoto2026", "paper is not a known key", "question, scales, title"),
    (STUDY, ["scales", "huge"], {}, "scales.huge is not a known key", "paper, quick"),
    (PAPER, ["heading"], "a: b", "heading is 'a: b'", "matches"),
    (PAPER, ["title"], "x", "title is not a known key", "heading"),
    (DATASETS, ["digits", "shape"], [8, 8], "digits.shape is [8, 8]", "length at least 3"),
    (DATASETS, ["Digits"], {}, "Digits is not a known key", "^[a-z][a-z0-9_]*$"),
]


@pytest.mark.parametrize(("file", "keys", "value", "named", "allowed"), BAD_FILES)
def test_a_bad_catalog_is_one_line(root, config, file, keys, value, named, allowed):
    edit(root / file, keys, value)
    message = line(root, config)
    assert message.startswith(f"{file}: {named}")
    assert allowed in message


def test_of_a_paper_s_files_one_must_be_there(root, config):
    """An empty folder is none of the catalog's."""
    before = load.load(root, config)
    (root / "catalog/new2030").mkdir()
    assert load.load(root, config).papers == before.papers
    (root / "catalog/new2030/paper.yaml").write_text("heading: New 2030\n")
    assert load.load(root, config).papers == before.papers | {"new2030": "New 2030"}


UNREAD = [
    ("new2030/claims.yaml", "new2030: paper.yaml is missing beside claims.yaml"),
    ("studies/old.yaml", "studies: paper.yaml is missing beside old.yaml"),
    ("zhao2026/figure.yaml", "zhao2026/figure.yaml is not read; allowed: datasets.yaml, and in a"),
    ("own/studies/mine.yml", "own/studies/mine.yml is not read"),
    ("own/studies/more/mine.yaml", "own/studies/more/mine.yaml is not read"),
    ("own/study/mine.yaml", "own/study/mine.yaml is not read"),
    ("zhao2026/published/fig1.txt", "zhao2026/published/fig1.txt is not read"),
    ("dataset.yaml", "dataset.yaml is not read"),
]


@pytest.mark.parametrize(("name", "said"), UNREAD)
def test_what_would_not_be_read_is_told(root, config, name, said):
    path = root / "catalog" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x: 1\n")
    assert line(root, config).startswith(f"catalog/{said}")


def test_notes_and_what_editors_leave_are_let_be(root):
    names = ("own/README.md", "own/studies/.#mine.yaml", "own/studies/mine.yaml~", ".idea/paper")
    names += ("data/mine.npz", "own/.ipynb_checkpoints/figure.yaml", "own/#figures.yaml#")
    for name in names:
        path = root / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    load._check_files(root / "catalog")


@pytest.mark.parametrize("kind", ["figures", "tables"])
def test_a_name_stands_in_one_paper_alone(root, config, kind):
    file = root / "catalog/zhao2026" / f"{kind}.yaml"
    name = next(iter(load_yaml(file.read_text())))
    (root / f"catalog/own/{kind}.yaml").write_text(dump_yaml({name: {}}))
    (root / f"catalog/own/{kind}.yaml").write_text(file.read_text())
    assert line(root, config).startswith(
        f"catalog/zhao2026/{kind}.yaml: {name} is also in catalog/own"
    )


def test_a_study_stands_in_one_paper_alone(root, config):
    shutil.copy(root / STUDY, root / OWN)
    message = line(root, config)
    assert message.startswith(f"{STUDY}: weight_decay_mlp is also in catalog/own; allowed: ano")


BAD_CONFIGS = [
    ({"scale": "fast"}, "scale is 'fast'; allowed: quick, paper"),
    ({"figures": ["nope"]}, "figures names 'nope'; allowed: all, atlas_overview"),
    ({"figures": "sakamoto2026_fig3"}, "figures is 'sakamoto2026_fig3'; allowed: all or a list"),
    ({"device": "tpu"}, "device is 'tpu'; allowed: text that matches"),
    ({"packs": {"mlp": {"cpu": {"seed": 0}}}}, "packs.mlp.cpu.seed is 0; allowed: at least 1"),
    ({"packs": {"mlp": {"cpu": {"lr": 2}}}}, "packs.mlp.cpu.lr is not a number"),
    ({"packs": {"mlp": {"gpu": {"seed": 2}}}}, "packs.mlp.gpu is not a known key; allowed: cpu"),
    (
        {"packs": {"mpl": {}}},
        "packs.mpl is not a model; allowed: bert, cnn, conv_mlp, gpt2",
    ),
    ({"speed": {"mpl": {"cpu": 2}}}, "speed.mpl is not a model; allowed: bert, cnn, conv_mlp, gpt"),
    ({"device": "cuda:٣"}, "device is 'cuda:٣'; allowed: text that matches"),
    ({"npz": {"mine": "x" * 300}}, "npz.mine: xxxxxxxxx"),
    ({"npz": {"My Data": "x.npz"}}, "npz.My Data is not a name that matches ^[a-z0-9_]+$"),
    ({"npz": {"digits": "x.npz"}}, "npz.digits is the name of a shipped data set"),
    ({"gpus": 4}, "gpus is not a known key; allowed: data, device, downloads, explored"),
]


@pytest.mark.parametrize(("change", "message"), BAD_CONFIGS)
def test_a_bad_configuration_is_one_line(root, config, change, message):
    assert line(root, config | change).startswith(f"config: {message}")


def test_a_missing_key_of_the_configuration_is_one_line(root, config):
    del config["device"]
    assert line(root, config) == "config: device is missing; it must be given"


def test_a_missing_npz_is_one_line(root, config, tmp_path):
    config["npz"] = {"mine": str(tmp_path / "mine.npz")}
    assert line(root, config).startswith(f"config: npz.mine: {tmp_path / 'mine.npz'}: no such file")


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
    assert spec.digest(ids) == "f19881d015b0"


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
            "like": "compression_resnet18",
            "data": {"name": "digits", "train_size": 150},
            "steps": 500,
        }
    },
}


def test_a_study_like_another_is_laid_over_it(root, config):
    (root / OWN / "alike.yaml").write_text(dump_yaml(LIKE))
    loaded = load.load(root, config)
    mine, theirs = (loaded.setting(name, "quick") for name in ("alike", "compression_resnet18"))
    assert mine["data"] == theirs["data"] | {"train_size": 150}
    assert mine["steps"] == 500
    assert "like" not in mine
    unchanged = ("model", "loss", "optimizer", "grid", "checkpoints", "batch_size")
    assert all(mine[key] == theirs[key] for key in unchanged)
    packs = [loaded.packs_of(name, "quick") for name in ("alike", "compression_resnet18")]
    assert len(packs[0]) == len(packs[1])


@pytest.mark.parametrize("name", ["nothing", "alike", "optimizers_resnet9_mnist"])
def test_like_what_there_is_not_is_told(root, config, name):
    """No study, itself, or one that has the scale at most like another."""
    study = LIKE | {"scales": {"quick": {"like": name}}}
    (root / OWN / "alike.yaml").write_text(dump_yaml(study))
    message = line(root, config)
    assert message.startswith(f"{OWN}/alike.yaml: scales.quick.like is '{name}'; allowed:")
    assert "weight_decay_mlp" in message
