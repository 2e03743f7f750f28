"""What a change puts out of date, and what it does not."""

import math
import os
import random
import shutil
import time

import pytest

from tests.one_study import STUDY

pytestmark = pytest.mark.workflow

SHOWN = {"report": 1, "gallery": 1, "all": 1}
DRAWN = {"aggregate": 1, "figure": 3, "claims": 1} | SHOWN
MEASURED = {"extract": 2 * 4}
TRAINED = {"train": 2, "extract_margins": 1} | MEASURED | DRAWN
EDIT = "EDITED = True"
"""A line of code."""


def test_a_second_call_does_nothing(finished):
    text = finished.make()
    assert "Nothing to be done" in text


def test_another_device_does_nothing(finished):
    assert finished.jobs("--config", "device=cuda") == {}


def test_a_metric_reruns_its_extraction_and_what_follows(project):
    project.append("latephase/metrics/nc0/family.py", EDIT)
    assert project.jobs() == {"extract": 2} | DRAWN


def test_a_figure_s_program_reruns_that_figure(project):
    project.append("scripts/figures/over_time.py", EDIT)
    assert project.jobs() == {"figure": 1} | SHOWN
    assert project.jobs("results/quick/figures/sakamoto2026_fig2.pdf") == {}


def test_a_figure_s_arguments_rerun_that_figure(project):
    file = "catalog/atlas/figures.yaml"
    figures = project.read_yaml(file)
    figures["atlas_overview"]["arguments"]["quick"]["weight_decay"] = 0.3
    project.write_yaml(file, figures)
    assert project.jobs() == {"figure": 1} | SHOWN


def test_the_training_engine_reruns_training_and_all_behind_it(project):
    project.append("latephase/training/trainer.py", EDIT)
    assert project.jobs() == TRAINED


def test_the_optimizer_in_use_reruns_training(project):
    project.append("latephase/parts/optimizers/adamw.py", EDIT)
    assert project.jobs() == TRAINED


def test_an_optimizer_not_in_use_does_nothing(project):
    project.append("latephase/parts/optimizers/sgd.py", EDIT)
    assert project.jobs() == {}


def edit_prose(project, files):
    """Another docstring and a comment in each of these files."""
    for file in files:
        path = project.folder / file
        text = path.read_text()
        start = text.index('"""') + 3
        path.write_text(f"{text[:start]}In other words: {text[start:]}# a comment\n")


def test_prose_reruns_nothing(project):
    """In every file of the project, whatever it computes."""
    folder = project.folder
    files = [str(p.relative_to(folder)) for p in folder.rglob("*.py")]
    edit_prose(project, [file for file in files if '"""' in (folder / file).read_text()])
    assert project.jobs() == {}


MESSAGES = [
    ("latephase/training/resume.py", "made by other code or from other data", "stale"),
    ("latephase/training/trainer.py", "continuing from step %d", "continuing at step %d"),
    ("latephase/progress.py", "%d of %d", "%d out of %d"),
    ("latephase/storage/checkpoints.py", "remove it and run again", "delete it and run again"),
    ("scripts/train.py", "the pack, as JSON", "what to train, as JSON"),
]


@pytest.mark.parametrize(("file", "old", "new"), MESSAGES)
def test_a_message_reruns_nothing(project, file, old, new):
    """Log lines, texts of errors, what an option's help says."""
    project.replace(file, old, new)
    assert project.jobs() == {}


PLANNING = [
    *("runs/packs", "runs/grid", "runs/declared", "runs/code_digest", "progress", "errors"),
    *("catalog/entries", "catalog/load", "catalog/check_schema", "catalog/check_shown"),
    *("metrics/families", "datasets/kinds/idx"),
]


@pytest.mark.parametrize("module", PLANNING)
def test_what_decides_no_number_reruns_nothing(project, module):
    """Packing, grids, checks, what is declared; and a reader of another kind of data."""
    project.append(f"latephase/{module}.py", EDIT)
    assert project.jobs() == {}


def test_grids_read_otherwise_rerun_what_they_change(project):
    """Here the order of the runs: data stand in that order."""
    old = "    return list(found.values())"
    project.replace("latephase/runs/grid.py", old, "    return list(found.values())[::-1]")
    assert project.jobs() == {"extract_margins": 1} | DRAWN


def test_a_further_name_of_a_column_trains_nothing(project):
    project.append("latephase/runs/columns.py", 'BETA2 = "optimizer.beta2"')
    assert project.jobs() == DRAWN


def test_how_csv_files_are_written_redraws_figures(project):
    project.append("latephase/storage/csv_file.py", EDIT)
    assert project.jobs() == {"figure": 3} | SHOWN


def test_a_no_op_in_packing_reruns_nothing(project):
    old = "    blocks: dict[tuple[int, ...], list[dict[str, Any]]] = {}\n"
    project.replace("latephase/runs/packs.py", old, old + "    pass\n")
    assert project.jobs() == {}


def test_rules_that_only_say_more_rerun_nothing(project):
    project.append("rules/targets/packs.py", EDIT)
    project.append("rules/summary.py", EDIT)
    project.append("rules/common.smk", EDIT)
    assert project.jobs() == {}


@pytest.mark.parametrize("number", ["optimizer.beta2", "optimizer.eps", "data.train_size"])
def test_a_further_number_that_can_be_batched_reruns_nothing(project, number):
    """Also one that the runs have already."""
    last = '"fork.run")'
    project.replace("latephase/runs/packs.py", last, f'"fork.run", {number!r})')
    assert project.jobs() == {}


def test_a_further_optimizer_reruns_nothing(project):
    text = (project.folder / "latephase/parts/optimizers/adamw.py").read_text()
    (project.folder / "latephase/parts/optimizers/eleventh.py").write_text(text)
    assert project.jobs() == {}


def test_a_further_family_of_metrics_reruns_nothing(project):
    """A family that is measured where a study names it; and a metric of the user's own."""
    room = project.folder / "latephase/metrics/further"
    room.mkdir()
    (room / "__init__.py").write_text('EVERY_RUN = False\nCOLUMNS = ("further",)\n')
    (room / "family.py").write_text("def further_metrics(weight): return {}\n")
    own = "def sparsity(weight): return {}\n"
    (project.folder / "latephase/metrics/own/sparsity.py").write_text(own)
    assert project.jobs() == {}


def test_a_further_kind_of_data_reruns_nothing(project):
    kinds = project.folder / "latephase/datasets/kinds"
    (kinds / "further.py").write_text((kinds / "digits.py").read_text())
    datasets = project.read_yaml("catalog/datasets.yaml")
    project.write_yaml(
        "catalog/datasets.yaml", datasets | {"more": datasets["digits"] | {"kind": "further"}}
    )
    assert project.jobs() == {}


def test_a_further_paper_reruns_nothing(project):
    (project.folder / "catalog/new2030").mkdir()
    (project.folder / "catalog/new2030/paper.yaml").write_text("heading: New 2030\n")
    assert project.jobs() == {}


def test_the_reader_of_the_data_reruns_everything(project):
    project.append("latephase/datasets/kinds/digits.py", EDIT)
    assert project.jobs() == {"prepare_data": 1} | TRAINED


def test_a_paper_s_statistics_rerun_the_claims_alone(project):
    project.append("latephase/papers/sakamoto2026/claims.py", EDIT)
    assert project.jobs() == {"claims": 1} | SHOWN


def test_a_claim_s_threshold_reruns_the_claims_alone(project):
    project.replace("catalog/sakamoto2026/claims.yaml", "low: 0.097", "low: 0.2")
    assert project.jobs() == {"claims": 1} | SHOWN


def test_a_figure_s_title_draws_it_again(project):
    file = "catalog/atlas/figures.yaml"
    figures = project.read_yaml(file)
    figures["atlas_overview"]["title"] = "Another"
    project.write_yaml(file, figures)
    assert project.jobs() == {"figure": 1} | SHOWN


def test_a_study_s_title_does_nothing(project):
    project.write_yaml(STUDY, project.read_yaml(STUDY) | {"title": "Another"})
    assert project.jobs() == {}


def test_an_appended_decay_trains_its_pack_alone(project):
    project.edit_study(grid={"optimizer.weight_decay": [0.3, 0.07, 0.03], "seed": [42, 43]})
    measured = {"extract": 4}
    # Which runs have margins stands in the study's setting, so they are computed again.
    assert project.jobs() == {"train": 1, "extract_margins": 1} | measured | DRAWN
    assert not project.trained_packs() & project.packs()


def test_an_appended_seed_keeps_full_packs(project):
    """Two seeds fill a pack of side 2: the third opens packs of its own."""
    project.edit_study(grid={"optimizer.weight_decay": [0.3, 0.07], "seed": [42, 43, 44]})
    project.edit_config(packs={"mlp": {"cpu": {"seed": 2}}})
    assert project.jobs() == TRAINED
    commands = project.commands()
    assert all(pack in commands for pack in project.packs())


def test_an_appended_seed_fills_the_last_pack_anew(project):
    """In packs of side 3 two seeds leave room: with a third each is trained again, whole."""
    project.edit_study(grid={"optimizer.weight_decay": [0.3, 0.07], "seed": [42, 43, 44]})
    assert project.jobs() == TRAINED
    commands = project.commands()
    assert not any(pack in commands for pack in project.packs())


def test_reordered_seeds_train_nothing(project):
    """The order of rows is the grid's, so the data are gathered again."""
    project.edit_study(grid={"optimizer.weight_decay": [0.3, 0.07], "seed": [43, 42]})
    assert project.jobs() == {"extract_margins": 1} | DRAWN


def test_threads_and_speed_do_nothing(project):
    assert project.jobs("--set-threads", "train=2") == {}
    project.edit_config(speed={"mlp": {"cpu": 7}})
    assert project.jobs() == {}


def test_another_size_of_packs_trains_anew(project):
    project.edit_config(packs={"mlp": {"cpu": {"seed": 1}}})
    assert len(project.trained_packs()) == 4
    assert not project.trained_packs() & project.packs()


PINS = [
    ("envs/train.yaml", "pytorch=2.13.0", "pytorch=2.13.1"),
    ("envs/train-cuda.yaml", "pytorch=2.13.0", "pytorch=2.13.1"),
    ("envs/train.linux-64.pin.txt", "numpy-2.5.2-", "numpy-2.5.1-"),
    ("requirements.txt", "torch==2.13.0", "torch==2.13.1"),
]


@pytest.mark.parametrize(("file", "old", "new"), PINS, ids=[pin[0] for pin in PINS])
def test_pins_of_what_computes_rerun_training(project, file, old, new):
    """Whichever build is asked for, so that a change of device is none of results."""
    project.replace(file, old, new)
    assert project.jobs() == TRAINED


def test_comments_on_pins_and_pins_of_the_analysis_do_nothing(project):
    project.append("envs/train.yaml", "# a comment")
    project.append("requirements.txt", "# a comment")
    project.replace("envs/analysis.yaml", "pandas=3.0.5", "pandas=3.0.6")
    assert project.jobs() == {}


def test_results_copied_into_a_fresh_clone_stand(project, sources, tmp_path):
    """As by ``rsync -a results .snakemake other:latephase/``."""
    clone = tmp_path / "clone"
    shutil.copytree(sources.folder, clone, copy_function=shutil.copyfile)  # of today's date
    for folder in ("results", ".snakemake"):
        shutil.copytree(project.folder / folder, clone / folder, dirs_exist_ok=True, symlinks=True)
    assert type(project)(clone).jobs() == {}


def test_touching_every_file_does_nothing(project):
    files = [
        path
        for path in project.folder.rglob("*")
        if path.is_file() and ".snakemake" not in path.relative_to(project.folder).parts
    ]
    assert any(path.name == ".snakemake_timestamp" for path in files)
    random.Random(0).shuffle(files)
    for number, path in enumerate(files):
        when = time.time() - len(files) + number
        os.utime(path, (when, when))
    assert project.jobs() == {}


def test_every_data_set_is_compared_by_content(project):
    """Above a size Snakemake goes by dates, and a touched data set would train all anew."""
    profile = project.read_yaml("profiles/default/profile.yaml")
    limit = 1_000_000 * int(profile["max-checksum-file-size"].removesuffix("MB"))
    for entry in project.read_yaml("catalog/datasets.yaml").values():
        if entry["kind"] == "folder":
            continue  # too large to be read at each call of Snakemake; the docs say so
        assert (entry["train"] + entry["test"]) * math.prod(entry["shape"]) < limit

    (project.folder / "results/data/digits.safetensors").touch()
    assert project.jobs() == {}
    assert "train" in project.jobs("--max-checksum-file-size", "10KB")
