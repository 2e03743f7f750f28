"""A newcomer's five tasks, and the files that each of them touches: CONTRIBUTING.md counts them."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.one_study import STUDY

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
FIGURES = 3


def files(project) -> dict[str, bytes]:
    """What the repository holds, by name."""
    found = {}
    for path in project.folder.rglob("*"):
        name = path.relative_to(project.folder)
        made = {"results", ".snakemake", "__pycache__"} & set(name.parts)
        if path.is_file() and not made:
            found[str(name)] = path.read_bytes()
    return found


def touched(project, sources) -> list[str]:
    """The files that were written or changed."""
    before, after = files(sources), files(project)
    return sorted(name for name in after if before.get(name) != after[name])


def test_a_metric_is_two_files(fresh_project, sources):
    own = "latephase/metrics/own/dead.py"
    text = "def dead(features):\n    return {'dead': float((features == 0).double().mean())}\n"
    (fresh_project.folder / own).write_text(text)
    study = yaml.safe_load((fresh_project.folder / STUDY).read_text())
    study["scales"]["quick"]["metrics"] = ["dead"]
    fresh_project.write_yaml(STUDY, study)
    assert touched(fresh_project, sources) == [STUDY, own]
    assert fresh_project.jobs("studies")["extract"] == 2 * 5


OPTIMIZER = '''"""SGD that steps half as far."""

PARAMETERS = {"lr": {"type": "number", "exclusiveMinimum": 0}}
STATE = ()


def update(params, grads, state, hyper, step, layout):
    params.sub_(0.5 * hyper["lr"] * grads)
'''


def test_an_optimizer_is_one_file(fresh_project, sources):
    part = "latephase/parts/optimizers/halfway.py"
    (fresh_project.folder / part).write_text(OPTIMIZER)
    assert touched(fresh_project, sources) == [part]
    # As far as a figure that gives optimizers colours: ten of ours have one.
    study = fresh_project.read_yaml(STUDY)
    quick = study["scales"]["quick"] | {"grid": {"seed": [1]}}
    del quick["margins"], quick["optimizer"]
    quick["grids"] = [{"optimizer": {"name": name, "lr": 0.1}} for name in ("halfway", "sgd")]
    study |= {"added": "2030-01-01", "scales": {"quick": quick}}
    fresh_project.write_yaml("catalog/own/studies/mine.yaml", study)
    figure = {"title": "x", "study": "mine", "files": ["data"], "script": "over_time"}
    figure["arguments"] = {"both": {"by": ["optimizer.name"], "metrics": ["nc0"]}}
    fresh_project.write_yaml("catalog/own/figures.yaml", {"mine": figure})
    fresh_project.make("results/quick/figures/mine.csv")
    assert "halfway" in (fresh_project.folder / "results/quick/figures/mine.csv").read_text()


def examples(document, language):
    """The blocks of a language in a document."""
    text = (ROOT / "docs" / document).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_a_kind_of_data_is_a_file_and_its_entry(fresh_project, sources):
    kind, entries = "latephase/datasets/kinds/stripes.py", "catalog/datasets.yaml"
    (fresh_project.folder / kind).write_text(examples("own-parts.md", "python")[-1])
    text = (fresh_project.folder / entries).read_text()
    (fresh_project.folder / entries).write_text(text + examples("own-parts.md", "yaml")[-1])
    assert touched(fresh_project, sources) == [entries, kind]
    fresh_project.make("results/data/stripes.safetensors")
    fresh_project.edit_study(data={"name": "stripes"}, batch_size=20)
    assert all(pack.startswith("stripes-") for pack in fresh_project.trained_packs("studies"))


HEADING, FIGURE, CLAIM = examples("own-paper.md", "yaml")
(STATISTIC,) = examples("own-paper.md", "python")


def test_a_paper_is_two_folders_and_its_drawings(fresh_project, sources):
    room = fresh_project.folder / "latephase/papers/new2030"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "claims.py").write_text(STATISTIC)
    shelf = fresh_project.folder / "catalog/new2030"
    (shelf / "studies").mkdir(parents=True)
    for name, text in (("paper", HEADING), ("figures", FIGURE), ("claims", CLAIM)):
        (shelf / f"{name}.yaml").write_text(text)
    study = fresh_project.read_yaml(STUDY) | {"added": "2030-01-01"}
    fresh_project.write_yaml("catalog/new2030/studies/decay.yaml", study)

    folders = {name.rsplit("new2030", 1)[0] for name in touched(fresh_project, sources)}
    assert folders == {"catalog/", "latephase/papers/"}
    jobs = fresh_project.jobs()
    assert (jobs["figure"], jobs["claims"], jobs["aggregate"]) == (FIGURES + 1, 1, 2)
    assert jobs["train"] == 2  # The runs are those of the study that was there.


def test_the_statistic_of_the_document_is_what_its_docstring_says():
    rows = [
        {"optimizer.weight_decay": decay, "seed": seed, "step": step, "nc0": nc0 * (1 + step)}
        for seed in range(5)
        for decay, nc0 in ((0.1, 0.001), (0.0, 0.1))
        for step in (9, 0)
    ]
    statistic = {}
    exec(STATISTIC, statistic)
    result = statistic["decades_lower"](pd.DataFrame(rows), metric="nc0")
    assert (result.n_seeds, result.n_cells) == (5, 1)
    assert [result.estimate, result.low, result.high] == pytest.approx([2, 2, 2])


def test_how_packs_are_cut_is_one_file(fresh_project, sources):
    before = fresh_project.trained_packs("studies")
    config = fresh_project.read_yaml("config.yaml")
    config["packs"]["mlp"]["cpu"]["optimizer.weight_decay"] = 2
    fresh_project.write_yaml("config.yaml", config)
    assert touched(fresh_project, sources) == ["config.yaml"]
    assert (len(before), len(fresh_project.trained_packs("studies"))) == (2, 1)
