"""The same results elsewhere: byte for byte when made again, and out of the cache."""

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
