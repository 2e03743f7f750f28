"""Studies of checkpoints that other code made: runs like any other, and mistakes told in a line."""

import datetime
import math
import os

import pytest
import torch

from latephase.catalog import load
from latephase.runs import code_digest, grid, spec
from rules.targets import Targets
from tests import elsewhere
from tests.catalog.editing import OWN, ROOT, dump_yaml, edit, line, load_yaml

STUDY = f"{OWN}/mine.yaml"


@pytest.fixture(autouse=True)
def fresh():
    """Files are edited here as they are between two calls of Snakemake."""
    code_digest.forget()
    yield
    code_digest.forget()


@pytest.fixture
def mine(root):
    """A catalog with a study of two checkpoints."""
    elsewhere.write_models(root)
    for step in (1, 20):
        elsewhere.save({"a": torch.tensor([step])}, root / f"runs/42/step_{step}.pt")
    setting = {
        "data": {"name": "digits", "train_size": 100},
        "model": {"file": str(root / "my_model.py"), "class": "Net", "features": "relu"},
        "checkpoints": {"folder": str(root / "runs/42"), "pattern": "step_{step}.pt"},
        "metrics": ["curvature"],
    }
    study = {"title": "m", "question": "?", "added": "2026-12-01", "scales": {"quick": setting}}
    (root / STUDY).write_text(dump_yaml(study))
    return root


def runs_of(root, config):
    code_digest.forget()
    return grid.specs(load.load(root, config).setting("mine", "quick"))


def test_a_run_says_what_it_is(mine, config):
    catalog = load.load(mine, config)
    (run,) = grid.specs(catalog.setting("mine", "quick"))
    assert run["steps"] == 20
    assert run["seed"] == 0
    assert run["loss"] == {"name": "cross_entropy", "reduction": "mean"}
    assert run["model"]["class"] == "Net"
    assert run["model"]["arguments"] == {}
    assert "found" not in run["checkpoints"]
    (pack,) = catalog.packs_of("mine", "quick")
    assert pack.startswith("digits-outside-outside-")
    assert spec.runs_of(catalog.packs[pack]) == [run]
    assert catalog.note(["mine"], "quick").startswith("Net on digits (embedded), n = 100, 20 steps")
    assert catalog.owners[spec.run_id(run)] == pack


def test_nothing_is_trained_for_it(mine, config):
    targets = Targets(load.load(mine, config), ROOT)
    (pack,) = targets.catalog.packs_of("mine", "quick")

    class wildcards:
        study, scale, family = "mine", "quick", "collapse"

    wildcards.pack = pack
    assert targets.packs.parents(wildcards, "checkpoints") == []
    assert targets.studies.families(wildcards)[-1] == "curvature"
    codes = [targets.packs.code("scripts.convert_checkpoints", wildcards)]
    codes += [targets.extractions.code(wildcards)]
    assert len({*codes}) == 2


def test_other_runs_do_not_change(mine, config, shipped):
    catalog = load.load(mine, config)
    assert set(shipped.packs) < set(catalog.packs)
    assert len(catalog.packs) == len(shipped.packs) + 1


def test_the_files_decide_which_runs_there_are(mine, config):
    (known,) = runs_of(mine, config)
    checkpoint, model = mine / "runs/42/step_20.pt", mine / "my_model.py"
    os.utime(checkpoint, (0, 0))
    os.utime(model, (0, 0))
    model.write_text(f"# A remark.\n{elsewhere.SOURCE}")
    (mine / "runs/42/optimizer.pt").touch()
    assert runs_of(mine, config) == [known]
    model.write_text(elsewhere.SOURCE.replace("width=12", "width=13"))
    assert runs_of(mine, config) != [known]
    model.write_text(elsewhere.SOURCE)
    assert runs_of(mine, config) == [known]
    content = checkpoint.read_bytes()
    elsewhere.save({"a": torch.tensor([21])}, checkpoint)
    assert runs_of(mine, config) != [known]
    checkpoint.write_bytes(content)
    elsewhere.save({"a": torch.tensor([21])}, mine / "runs/42/step_30.pt")
    assert runs_of(mine, config) != [known]


def test_several_runs_are_told_apart_by_seeds(mine, config):
    for seed in (7, 8):
        elsewhere.save({"a": torch.tensor([seed])}, mine / f"runs/{seed}/step_{seed}.pt")
    edit(mine / STUDY, ["scales", "quick", "grid"], {"seed": [7]})
    edit(mine / STUDY, ["scales", "quick", "checkpoints", "folder"], str(mine / "runs/{seed}"))
    (first,) = runs_of(mine, config)
    edit(mine / STUDY, ["scales", "quick", "grid"], {"seed": [7, 8]})
    both = runs_of(mine, config)
    assert both[0] == first  # what there is of it stands
    assert [(run["seed"], run["steps"]) for run in both] == [(7, 7), (8, 8)]
    assert len(load.load(mine, config).packs_of("mine", "quick")) == 2


DAY, LONG = datetime.date(2026, 12, 1), "x" * 300 + ".py"
MODEL, CHECKPOINTS = ("scales", "quick", "model"), ("scales", "quick", "checkpoints")
WRONG = {
    "no file": ((*MODEL, "file"), "nowhere.py", "model.file: nowhere.py: no such file"),
    "no class": ((*MODEL, "class"), "Nett", "model.class is 'Nett', which "),
    "another key": ((*MODEL, "width"), 3, "model.width is not a known key; allowed: arguments, cl"),
    "inputs": ((*MODEL, "inputs"), [0], "model.inputs[0] is 0; allowed: at least 1"),
    "no number": ((*MODEL, "arguments"), {"w": [{"a": math.nan}]}, "arguments.w[0].a is nan; allo"),
    "a date": ((*MODEL, "arguments"), {"w": DAY}, "arguments.w is 2026-12-01; allowed: null or b"),
    "bytes": ((*MODEL, "arguments"), {"w": b"x"}, "arguments.w is b'x'; allowed: null or boolean"),
    "a long name": ((*MODEL, "file"), LONG, "model.file: xxxxxxxxx"),
    "a long folder": ((*CHECKPOINTS, "folder"), LONG, "cannot be read (File name too long); allow"),
    "no folder": ((*CHECKPOINTS, "folder"), "no/where", "checkpoints: no/where: no such folder"),
    "no step": ((*CHECKPOINTS, "pattern"), "a.pt", "checkpoints.pattern: 'a.pt'; allowed: a path"),
    "nothing fits": ((*CHECKPOINTS, "pattern"), "s{step}.pt", "no file fits s{step}.pt; there: st"),
    "the step of two": ((*CHECKPOINTS, "pattern"), "step_{step}*.pt", "of step 2"),
    "optimizer": (("scales", "quick", "optimizer"), {"name": "sgd"}, "quick.optimizer is not a"),
    "data": (("scales", "quick", "data", "name"), "digit", "data.name is 'digit'; allowed: "),
    "size": (("scales", "quick", "data", "test_size"), 9999, "data.test_size is 9999; allowed:"),
    "loss": (("scales", "quick", "loss"), {"name": "hinge"}, "loss.name is 'hinge'; allowed: "),
    "metric": (("scales", "quick", "metrics"), ["curvatur"], "metrics[0] is 'curvatur'; allowed"),
    "seeds": (("scales", "quick", "grid"), {"seed": [1]}, "allowed: {seed} in it where there is"),
    "axis": (("scales", "quick", "grid"), {"steps": [1]}, "grid.steps is not a known key; allowed"),
}  # fmt: skip


@pytest.mark.parametrize("keys, value, told", WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_file_and_key(mine, config, keys, value, told):
    elsewhere.save({"a": torch.tensor([2])}, mine / "runs/42/step_2.0.pt")
    elsewhere.save({"a": torch.tensor([2])}, mine / "runs/42/step_2.1.pt")
    edit(mine / STUDY, keys, value)
    assert (found := line(mine, config)).startswith(f"{STUDY}: scales.quick")
    assert told in found


def test_source_that_is_no_python(mine, config):
    (mine / "my_model.py").write_text("class Net(:\n")
    assert "my_model.py: cannot be read at line 1" in line(mine, config)


def test_a_run_cannot_fork_from_it(mine, config):
    setting = load_yaml((ROOT / "catalog/zhao2026/studies/coupling_mixture.yaml").read_text())
    setting["scales"] = {
        "quick": setting["scales"]["quick"] | {"fork": {"study": "mine", "step": 1}}
    }
    (mine / OWN / "forks.yaml").write_text(dump_yaml(setting))
    assert "fork.study is mine, whose checkpoints other code made" in line(mine, config)


def test_a_figure_asks_for_no_weight_decay(mine, config):
    """The overview is of any run; a figure by weight decay says that there is none."""
    entry = {"title": "m", "study": "mine", "files": ["data"]}
    figures = mine / "catalog/own/figures.yaml"
    figures.write_text(dump_yaml({"mine_overview": entry | {"script": "atlas_overview"}}))
    assert "mine_overview" in load.load(mine, config).figures
    figures.write_text(dump_yaml({"mine_decays": entry | {"script": "by_weight_decay"}}))
    assert "have no column 'optimizer.weight_decay'" in line(mine, config)
