"""Jobs at once take different GPUs, and what an ended job had is free again."""

import subprocess
import sys

import pytest

from scripts import own_gpu


@pytest.fixture
def job():
    """Starts processes that live until the test ends."""
    started = []

    def start():
        started.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_each_takes_the_one_that_the_fewest_have(job, tmp_path):
    choices = tmp_path / "choices"
    jobs = [job() for _ in range(5)]
    taken = [own_gpu.choose(["0", "1", "2"], one.pid, choices) for one in jobs]
    assert sorted(taken[:3]) == ["0", "1", "2"]
    assert len(set(taken[3:])) == 2
    assert not (choices.stat().st_mode & 0o077)


def test_what_a_killed_job_had_is_free(job, tmp_path):
    jobs = [job(), job()]
    first, _ = (own_gpu.choose(["3", "MIG-a/b/0"], one.pid, tmp_path) for one in jobs)
    jobs[0].kill()
    jobs[0].wait()
    assert own_gpu.choose(["3", "MIG-a/b/0"], job().pid, tmp_path) == first


def test_the_choice_is_among_what_the_user_or_the_cluster_allows(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(own_gpu, "folder", lambda: tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5")
    own_gpu.main(["--of", "4", "--job", "1"])
    assert capsys.readouterr().out == "5\n"
    assert not [*tmp_path.iterdir()]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,GPU-x")
    own_gpu.main(["--of", "4", "--job", "1"])
    own_gpu.main(["--of", "4", "--job", "2"])
    assert capsys.readouterr().out.split() == ["7", "GPU-x"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert own_gpu.visible(3) == ["0", "1", "2"]


def test_a_job_of_a_cluster_has_choices_of_its_own(monkeypatch):
    here = own_gpu.folder()
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert own_gpu.folder() != here
