"""The same results elsewhere: byte for byte when made again, and out of the cache."""

import time

import pytest

pytestmark = pytest.mark.workflow

TABLE = "results/quick/studies/weight_decay_mlp.parquet"
FIGURE = "results/quick/figures/sakamoto2026_fig3.csv"
CLAIMS = "results/quick/claims.csv"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def made_again(sources, cache, tmp_path_factory):
    """A second folder in which everything is computed, and kept in a cache."""
    project = sources.copy(tmp_path_factory.mktemp("again") / "latephase")
    project.make("--cache", "--", FIGURE, CLAIMS, env={"SNAKEMAKE_OUTPUT_CACHE": str(cache)})
    return project


def files(project):
    """The checkpoints and tables of a project: path to bytes."""
    results = project.folder / "results"
    paths = list(results.glob("packs/*/*.parquet"))
    paths += results.glob("packs/*/checkpoints/*.safetensors")
    paths += results.glob("data/*.safetensors")
    return {str(path.relative_to(results)): path.read_bytes() for path in paths}


def test_the_same_runs_in_two_folders_are_the_same_bytes(finished, made_again):
    first, second = files(finished), files(made_again)
    assert first.keys() == second.keys()
    # Two packs: history, four families and seven steps (0 and six on a log axis) each; one set.
    assert len(first) == 2 * (1 + 4 + 7) + 1
    assert [name for name in first if first[name] != second[name]] == []
    for name in (TABLE, FIGURE, CLAIMS):
        assert (finished.folder / name).read_bytes() == (made_again.folder / name).read_bytes()


def test_every_pack_has_entries_of_its_own(made_again, cache):
    """What is not in the key of an entry would be served wrongly: as many keys as jobs."""
    histories = list(cache.glob("*_history.parquet"))
    assert len(histories) == 2
    assert len({path.read_bytes() for path in histories}) == 2
    assert len(list(cache.glob("*_checkpoints"))) == 2
    metrics = set(cache.glob("*.parquet")) - set(histories)
    assert len(metrics) == 2 * 4
    assert len({path.read_bytes() for path in metrics}) == 2 * 4


def test_a_second_clone_trains_nothing(made_again, cache, fresh_project):
    env = {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    fresh_project.make("--cache", "--", TABLE, env=env)
    logs = (fresh_project.folder / "results/logs").glob("*/*.log")
    # A job out of the cache has an empty log; a training tells at once what it does.
    wrote = {path.parent.name for path in logs if path.stat().st_size}
    assert not {name for name in wrote if name.startswith(("train", "extract"))}
    packs = fresh_project.folder / "results/packs"
    # Of each pack: history, timing and the families; checkpoints are a folder of links.
    assert len([path for path in packs.glob("*/*") if path.is_symlink()]) == 2 * (2 + 4)
    assert (fresh_project.folder / TABLE).read_bytes() == (made_again.folder / TABLE).read_bytes()
    assert fresh_project.jobs(TABLE) == {}


def trained(project, cache) -> None:
    """Train a project's packs, with a cache."""
    packs = sorted(project.trained_packs("studies"))
    targets = [f"results/packs/{pack}/history.parquet" for pack in packs]
    env = {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    project.make("--cache", "train", "--", *targets, env=env)


CHANGES = {
    "seeds": lambda project: project.edit_study(
        grid={"optimizer.weight_decay": [0.3, 0.07], "seed": [44, 45]}
    ),
    "learning rate": lambda project: project.edit_study(optimizer={"name": "adamw", "lr": 0.002}),
    "optimizer": lambda project: project.edit_study(optimizer={"name": "adam", "lr": 0.001}),
    "loss": lambda project: project.edit_study(loss={"name": "cross_entropy"}),
    "schedule": lambda project: project.edit_study(schedule={"name": "steps", "milestones": [30]}),
    "data": lambda project: project.edit_study(data={"name": "digits", "train_size": 150}),
    "steps": lambda project: project.edit_study(steps=61, checkpoints={"log": 6}),
    "code": lambda project: project.append("latephase/training/trainer.py", "ANOTHER = 1"),
    "part": lambda project: project.append("latephase/parts/optimizers/adamw.py", "ANOTHER = 1"),
    "pins": lambda project: project.replace(
        "envs/train.linux-64.pin.txt", "numpy-2.5.2-", "numpy-2.5.1-"
    ),
}


def test_whatever_decides_a_result_is_in_its_key(sources, tmp_path):
    """As many entries as there are different trainings; what is looked up wrongly is served."""
    cache = tmp_path / "cache"
    cache.mkdir()
    made = 0
    for name, change in ({"nothing": lambda project: None} | CHANGES).items():
        project = sources.copy(tmp_path / name.replace(" ", "-"))
        change(project)
        trained(project, cache)
        made += 2
        assert len(list(cache.glob("*_history.parquet"))) == made, name
    again = sources.copy(tmp_path / "again")
    trained(again, cache)
    assert len(list(cache.glob("*_history.parquet"))) == made


def test_a_damaged_entry_is_an_error_that_names_it(sources, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    trained(sources.copy(tmp_path / "first"), cache)
    path = sorted(cache.glob("*_checkpoints"))[0] / "step_000000060.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)

    second = sources.copy(tmp_path / "second")
    trained(second, cache)
    packs = [folder.name for folder in (second.folder / "results/packs").iterdir()]
    targets = [f"results/packs/{pack}/nc0.parquet" for pack in packs]
    text, status = second.run("--", *targets)
    assert status != 0
    told = {line for line in text.splitlines() if line.startswith("error: ")}
    assert len(told) == 1
    assert (
        "step_000000060.safetensors: its content is not what was written; remove it" in told.pop()
    )
    assert len(list((second.folder / "results/packs").glob("*/nc0.parquet"))) == 1


def test_nothing_writes_through_a_link_into_the_cache(sources, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    trained(sources.copy(tmp_path / "first"), cache)
    before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}

    second = sources.copy(tmp_path / "second")
    trained(second, cache)
    second.append("latephase/training/trainer.py", "ANOTHER = 1")
    targets = sorted(second.trained_packs("studies"))
    second.make("--", *(f"results/packs/{pack}/history.parquet" for pack in targets))
    histories = (second.folder / "results/packs").glob("*/history.parquet")
    assert not any(path.is_symlink() for path in histories)
    after = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    assert before == after


def test_two_workflows_fill_one_cache_at_once(sources, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    projects = [sources.copy(tmp_path / name) for name in ("left", "right")]
    targets = [f"results/packs/{pack}/nc0.parquet" for pack in sources.trained_packs("studies")]
    both = [
        project.start(
            *("--cache", "train", "extract", "--", *targets),
            env={"SNAKEMAKE_OUTPUT_CACHE": str(cache)},
        )
        for project in projects
    ]
    for process in both:
        process.communicate(timeout=600)
    assert [process.returncode for process in both] == [0, 0]
    assert files(projects[0]) == files(projects[1])
    assert len(list(cache.glob("*_history.parquet"))) == 2


SLOWLY = (
    "    made_of = origin(pack, data, parents)\n",
    "    made_of = origin(pack, data, parents)\n    time.sleep(4)\n",
)


def test_code_that_is_edited_while_jobs_run_is_not_kept_under_the_old_key(fresh_project, tmp_path):
    """The cache's keys are of the code as it was planned."""
    project, cache = fresh_project, tmp_path / "cache"
    cache.mkdir()
    (pack, *_) = sorted(project.trained_packs("studies"))
    project.replace("latephase/training/trainer.py", *SLOWLY)
    targets = [f"results/packs/{pack}/{name}.parquet" for name in ("nc0", "collapse")]
    running = project.start("-c1", "--cache", "train", "extract", "--", *targets,
                            env={"SNAKEMAKE_OUTPUT_CACHE": str(cache)})  # fmt: skip
    while not (project.folder / "results/scratch").exists():
        assert running.poll() is None
        time.sleep(0.1)
    project.append("latephase/metrics/nc0/family.py", "EDITED = True")
    text = running.communicate()[0]
    assert running.returncode != 0
    assert "the code was edited after this job was planned" in text
    assert (project.folder / targets[1]).exists()  # what was not edited stands
    assert not (project.folder / targets[0]).exists()
    assert list(cache.glob("*_history.parquet"))
    assert len([path for path in cache.glob("*.parquet") if "_history" not in path.name]) == 1
    project.make("--", targets[0])


def test_a_training_whose_code_was_edited_stands_when_the_edit_is_undone(fresh_project):
    project = fresh_project
    (pack, *_) = sorted(project.trained_packs("studies"))
    target = f"results/packs/{pack}/history.parquet"
    project.replace("latephase/training/trainer.py", *SLOWLY)
    engine = project.folder / "latephase/training/trainer.py"
    planned = engine.read_text()
    running = project.start("-c1", "--", target)
    while not (project.folder / "results/scratch").exists():
        assert running.poll() is None
        time.sleep(0.1)
    engine.write_text(planned + "EDITED = True\n")
    assert "the code was edited" in running.communicate()[0]
    assert not (project.folder / target).exists()
    engine.write_text(planned)
    project.make("--", target)
    log = (project.folder / f"results/logs/train/{pack}.log").read_text()
    assert "continuing from step 60" in log
