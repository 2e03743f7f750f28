"""The Slurm profile, run for real where Slurm is installed, on two nodes of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow import accounting
from tests.workflow import cluster as slurm

pytestmark = pytest.mark.workflow

PROFILE = "profiles/slurm/profile.yaml"
EXTRACTIONS = [f"extract_{family}" for family in ("collapse", "nc0", "flatness", "information")]
SUBMIT = ("--workflow-profile", "profiles/slurm", "--latency-wait", "5")
SUBMIT += ("--slurm-init-seconds-before-status-checks", "2")
# Ids as environment and login node have them; some containers have no USER, which Slurm wants.
ENVIRONMENT = {"USER": os.environ.get("USER", "root")}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm.missing():
        pytest.skip(reason)
    # Short, since a socket's path is; and passable by all, which pytest's folders are not.
    running = slurm.Cluster(Path(subprocess.check_output(["mktemp", "-d"], text=True).strip()))
    yield running
    running.stop()


def bytes_of(project) -> dict[str, bytes]:
    """Every checkpoint and table that a project has made."""
    results = project.folder / "results"
    paths = [*results.glob("packs/*/*.parquet"), *results.glob("packs/*/checkpoints/*")]
    paths += results.glob("*/studies/*.parquet")
    return {str(path.relative_to(results)): path.read_bytes() for path in paths if path.is_file()}


def submitted(text: str) -> list[str]:
    """The rules of the jobs that Slurm was given, as Snakemake tells."""
    return re.findall(r"SLURM jobid \d+ \(log: \S+/slurm_logs/rule_(\w+)/", text)


def test_two_nodes_make_the_bytes_of_one_machine_and_others_need_not(
    cluster, finished, fresh_project, sources, tmp_path
):
    """The whole pipeline, with a cache: it serves a clone, here and there."""
    cache = tmp_path / "cache"
    cache.mkdir()
    variables = ENVIRONMENT | {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    fresh_project.uncomment(PROFILE, "cache")
    fresh_project.replace(PROFILE, "\n#   extract", "\n  extract")
    # The nodes' GPUs are pretended: a job is given one, and computes on the processor.
    fresh_project.replace(PROFILE, "  train:\n", "  train:\n    gpu: 1\n")
    clone = fresh_project.copy(tmp_path / "clone")

    jobs = submitted(fresh_project.make(*SUBMIT, env=variables))
    # The light rules stayed where Snakemake runs.
    assert sorted(jobs) == sorted([*["train", *EXTRACTIONS] * 2, "extract_margins"])
    assert bytes_of(fresh_project) == bytes_of(finished)

    pack = sorted(fresh_project.packs())[0]
    target = f"results/packs/{pack}/nc0.parquet"
    text = clone.make(*SUBMIT, "--", target, env=variables)
    assert sorted(submitted(text)) == ["extract_nc0", "train"]
    assert computed(clone) == []
    clone.make("--cache", "train", *EXTRACTIONS, "--", "studies", env=variables)
    assert computed(clone) == []
    assert (clone.folder / target).is_symlink()


def computed(project) -> list[str]:
    """The cached rules whose jobs did something: out of the cache a job's log is empty."""
    logs = (project.folder / "results/logs").glob("*/*.log")
    ran = {path.parent.name for path in logs if path.stat().st_size}
    return sorted(ran.intersection(["train", *EXTRACTIONS]))


def test_what_befalls_a_job_loses_nothing(cluster, fresh_project, tmp_path):
    """Cancelled, out of time, its node lost, pushed off it: each goes on, and ends as if alone."""
    fresh_project.edit_study(
        steps=20_000,
        checkpoints={"every": [[20_000, 500]]},
        grid={"optimizer.weight_decay": [0.3, 0.2, 0.14, 0.1], "seed": [1]},
    )
    alone = fresh_project.copy(tmp_path / "alone")
    # Slow, so that there is time to befall it on any machine; a lost node costs a second's steps.
    training = "latephase/training.py"
    fresh_project.replace(training, "if halted():", "if time.sleep(0.001) or halted():")
    fresh_project.replace(training, "STATE_SECONDS = 30.0", "STATE_SECONDS = 1.0")
    packs = sorted(fresh_project.trained_packs("studies"))
    targets = [f"results/packs/{pack}/history.parquet" for pack in packs]

    process = start(fresh_project, *SUBMIT, "--", *targets)
    try:
        befallen = befall(cluster, fresh_project, packs)
        output, _ = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0, output

    for pack in packs:
        assert "going on from step" in log(fresh_project, pack)
    # Snakemake submitted two again; the other two Slurm put back itself.
    ended = dict(re.findall(r"SLURM-job '(\d+)' failed, SLURM status is: '(\w+)'", output))
    assert ended == {befallen["cancelled"]: "CANCELLED", befallen["timed"]: "TIMEOUT"}
    assert len(submitted(output)) == len(packs) + 2
    for fate in ("pushed", "bereft"):
        assert put_back(befallen[fate])
    alone.make("--", *targets)
    assert bytes_of(fresh_project) == bytes_of(alone)


def befall(cluster: slurm.Cluster, project, packs: list[str]) -> dict[str, str]:
    """Something for each of four trainings, two on each node; what became of which job."""
    states = project.folder / "results/scratch"
    slurm.wait(lambda: all(list(states.glob(f"{pack}/state_*")) for pack in packs), 120)
    jobs = {pack: (job, node) for job, pack, node in running()}
    assert jobs.keys() == set(packs)
    first, second = ([pack for pack in packs if jobs[pack][1] == n] for n in ("n1", "n2"))
    assert len(first) == len(second) == 2

    # A job of more importance wants a processor of the first node, and has it for a while.
    ask = ("sbatch", "--parsable", "-p", "urgent", "-w", "n1", "--mem=100", "-o", "/dev/null")
    urgent = slurm.said(*ask, "--wrap", "sleep 600").strip()

    def saved() -> list[str]:
        return [pack for pack in packs if "the state is saved" in log(project, pack)]

    slurm.wait(saved, 8)  # within seconds, and within the ten of grace
    (pushed,) = saved()
    (timed,) = set(first) - {pushed}
    fates = dict(
        zip(("pushed", "timed", "cancelled", "bereft"), (pushed, timed, *second), strict=True)
    )
    job = {fate: jobs[pack][0] for fate, pack in fates.items()}
    slurm.said("scontrol", "update", f"JobId={job['timed']}", "EndTime=now+1")

    slurm.said("scancel", job["cancelled"])
    slurm.wait(lambda: slurm.state(job["cancelled"]) == "CANCELLED")
    assert "the state is saved" in log(project, fates["cancelled"])
    cluster.lose_node("n2")
    slurm.wait(lambda: put_back(job["bereft"]))
    cluster.start_node("n2")

    slurm.wait(lambda: put_back(job["pushed"]))
    slurm.said("scancel", urgent)
    slurm.wait(lambda: slurm.state(job["timed"]) == "TIMEOUT")
    assert "the state is saved" in log(project, timed)
    return job


def test_the_lines_to_fill_in_are_what_slurm_is_asked(cluster, fresh_project):
    """Account, partition, feature, GPU model; and states by sacct."""
    if reason := accounting.missing():
        pytest.skip(reason)
    keys = ("slurm_account", "slurm_partition", "constraint", "qos", "slurm_extra", "gpu_model")
    fresh_project.uncomment(PROFILE, *keys)
    fresh_project.replace(PROFILE, "  train:\n", "  train:\n    gpu: 1\n")
    pack = sorted(fresh_project.trained_packs())[0]
    target = f"results/packs/{pack}/nc0.parquet"
    text = fresh_project.make(
        *SUBMIT, "--slurm-status-command", "sacct", "--", target, env=ENVIRONMENT
    )
    ids = re.findall(r"SLURM jobid (\d+)", text)
    columns = "Account,Partition,Constraints,QOS,ReqTRES%60,Timelimit,State"
    told = slurm.said("sacct", "-X", "-n", "-P", "-j", ",".join(ids), "-o", columns)
    train, extract = (line.split("|") for line in told.splitlines())
    gpu = "billing=1,cpu=1,gres/gpu=1,mem=8000M,node=1"
    assert train == ["research", "gpu", "large", "normal", gpu, "00:12:00", "COMPLETED"]
    plain = "billing=1,cpu=1,mem=4000M,node=1"
    assert extract == ["research", "cpu", "intel", "normal", plain, "01:00:00", "COMPLETED"]


def put_back(job: str) -> bool:
    """Whether Slurm itself has put a job back into the queue, once."""
    return "Restarts=1" in slurm.said("scontrol", "show", "job", job)


def log(project, pack: str) -> str:
    """What a training has told in its present life."""
    path = project.folder / f"results/logs/train/{pack}.log"
    return path.read_text() if path.exists() else ""


def start(project, *args: str) -> subprocess.Popen:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *args],
        cwd=project.folder,
        env=os.environ | ENVIRONMENT | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def running() -> list[tuple[str, str, str]]:
    """Id, pack and node of each job that runs; the comment has rule and wildcards."""
    lines = slurm.said("squeue", "-h", "-t", "R", "-o", "%i|%k|%N").splitlines()
    found = [line.split("|") for line in lines]
    return [(job, comment.rpartition("_")[2], node) for job, comment, node in found]
