"""The Slurm profile, run for real where Slurm is installed, on two nodes of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import train
from tests.workflow import accounting
from tests.workflow import cluster as slurm
from tests.workflow.conftest import Project, copy_sources

pytestmark = pytest.mark.workflow

PROFILE = "profiles/slurm/profile.yaml"
EXTRACTIONS = ["extract"] * 4
SUBMIT = ("--workflow-profile", "profiles/slurm", "--latency-wait", "5")
# The executor asks for states after 2 s, 12 s more, 22 s more, …: here, every two seconds.
OFTEN = """
import sys
from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor
Executor.next_seconds_between_status_checks = property(lambda self: 2, lambda self, seconds: None)
main(sys.argv[1:])
"""
# Ids as environment and login node have them; some containers have no USER, which Slurm wants.
ENVIRONMENT = {"USER": os.environ.get("USER", "root")}


slow = pytest.mark.skipif(
    "LATEPHASE_SLOW" not in os.environ, reason="takes minutes: LATEPHASE_SLOW=1 runs it"
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm.missing():
        pytest.skip(reason)
    # Short, since a socket's path is; and passable by all, which pytest's folders are not.
    running = slurm.Cluster(Path(subprocess.check_output(["mktemp", "-d"], text=True).strip()))
    yield running
    running.stop()


@pytest.fixture
def login(cluster, fresh_project):
    return Login(fresh_project.folder)


class Login(Project):
    """A project on the cluster's login node."""

    PROGRAM = ("-c", OFTEN)

    def submit(self, *args: str, **options) -> str:
        return self.make(*SUBMIT, *args, **options)


def bytes_of(project) -> dict[str, bytes]:
    """Every checkpoint and table that a project has made."""
    results, bytes_by_path = project.folder / "results", {}
    for kind in ("packs/*/*.parquet", "packs/*/checkpoints/*.safetensors", "*/studies/*.parquet"):
        for path in results.glob(kind):
            bytes_by_path[str(path.relative_to(results))] = path.read_bytes()
    assert bytes_by_path
    return bytes_by_path


def submitted(text: str) -> list[str]:
    """The rules of the jobs that Slurm was given, as Snakemake tells."""
    return re.findall(r"SLURM jobid \d+ \(log: \S+/slurm_logs/rule_(\w+)/", text)


def test_two_nodes_make_the_bytes_of_one_machine_and_others_need_not(login, finished, tmp_path):
    """The whole pipeline, with a cache: it serves a clone, here and there."""
    cache = tmp_path / "cache"
    cache.mkdir()
    variables = ENVIRONMENT | {"SNAKEMAKE_OUTPUT_CACHE": str(cache)}
    login.uncomment(PROFILE, "cache")
    # The nodes' GPUs are pretended: a job is given one, and computes on the processor.
    login.replace(PROFILE, "  train:\n", "  train:\n    gpu: 1\n")
    clone = login.copy(tmp_path / "clone")

    jobs = submitted(login.submit(env=variables))
    # The light rules stayed where Snakemake runs.
    assert sorted(jobs) == sorted([*["train", *EXTRACTIONS] * 2, "extract_margins"])
    assert bytes_of(login) == bytes_of(finished)

    pack = sorted(login.packs())[0]
    target = f"results/packs/{pack}/nc0.parquet"
    text = clone.submit("--", target, env=variables)
    assert sorted(submitted(text)) == ["extract", "train"]
    assert computed(clone) == []
    clone.make("--cache", "train", "extract", "--", "studies", env=variables)
    assert computed(clone) == []
    assert (clone.folder / target).is_symlink()


def computed(project) -> list[str]:
    """The cached rules whose jobs did something: out of the cache a job's log is empty."""
    logs = (project.folder / "results/logs").glob("*/*.log")
    ran = {path.parent.name for path in logs if path.stat().st_size}
    return sorted(ran.intersection(["train", "extract"]))


def test_what_befalls_a_job_loses_nothing(cluster, login, tmp_path):
    """Cancelled, out of time, its node lost, pushed off it: each goes on, and ends as if alone."""
    login.edit_study(
        steps=5000,
        checkpoints={"every": [[5000, 50]]},
        grid={"optimizer.weight_decay": [0.3, 0.2, 0.1, 0.07], "seed": [1]},
    )
    # A training can be held, so that there is time to befall it on any machine; and it saves its
    # state every second, which is what the one whose node is lost has to go on from.
    held, training = login.folder / "held", "latephase/training/trainer.py"
    held.touch()
    hold = "time.sleep(0.02 * Path('held').exists())"
    login.replace(training, "if halted():", f"if {hold} or halted():")
    login.replace(training, "STATE_SECONDS = 30.0", "STATE_SECONDS = 1.0")
    text = login.commands("--until", "train", "--", "studies")
    found = re.findall(r"--scratch \S+/(\S+) .*\n(?:.*\n)*? +<<<'(.*)' 2>&1", text)
    specs = {pack: name for name, pack in found}
    packs = sorted(specs.values())
    targets = [f"results/packs/{pack}/history.parquet" for pack in packs]

    process = start(login, *SUBMIT, "--", *targets)
    try:
        befallen = befall(cluster, login, packs)
        held.unlink()
        output, _ = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0, output

    for pack in packs:
        assert "continuing from step" in log(login, pack)
    # Snakemake submitted two again; the other two Slurm put back itself.
    ended = dict(re.findall(r"SLURM-job '(\d+)' failed, SLURM status is: '(\w+)'", output))
    assert ended == {befallen["cancelled"]: "CANCELLED", befallen["timed"]: "TIMEOUT"}
    assert len(submitted(output)) == len(packs) + 2
    for fate in ("pushed", "bereft"):
        assert put_back(befallen[fate])
    for pack, name in specs.items():
        train_here(pack, name, login.folder / "results/data/digits.safetensors", tmp_path)
    assert bytes_of(login) == bytes_of(Project(tmp_path))


def train_here(pack: str, name: str, data: Path, folder: Path) -> None:
    """Train a pack without a break, in this process."""
    results = folder / "results/packs" / name
    files = {"checkpoints": "checkpoints", "history": "history.parquet", "timing": "timing.json"}
    places = {flag: results / file for flag, file in files.items()}
    places |= {"data": data, "scratch": folder / "scratch"}
    flags = [f"--{flag}={path}" for flag, path in places.items()]
    train.main([f"--pack={pack}", *flags])


def befall(cluster: slurm.Cluster, project, packs: list[str]) -> dict[str, str]:
    """Something for each of four trainings, two on each node; what became of which job."""
    states = project.folder / "results/scratch"
    slurm.wait(lambda: all(list(states.glob(f"{pack}/state_*")) for pack in packs), 240)
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

    # Slurm looks at time limits every half minute; a lost node it gives ten seconds.
    slurm.wait(lambda: timed in saved())
    slurm.wait(lambda: put_back(job["bereft"]))
    cluster.start_node("n2")
    slurm.wait(lambda: put_back(job["pushed"]))
    slurm.said("scancel", urgent)
    return job


def test_the_lines_to_fill_in_are_what_slurm_is_asked(login):
    """Account, partition, feature, GPU model; and states by sacct."""
    if reason := accounting.missing():
        pytest.skip(reason)
    keys = ("slurm_account", "slurm_partition", "constraint", "qos", "slurm_extra", "gpu_model")
    login.uncomment(PROFILE, *keys)
    login.replace(PROFILE, "  train:\n", "  train:\n    gpu: 1\n")
    pack = sorted(login.trained_packs())[0]
    target = f"results/packs/{pack}/nc0.parquet"
    text = login.submit("--slurm-status-command", "sacct", "--", target, env=ENVIRONMENT)
    ids = re.findall(r"SLURM jobid (\d+)", text)
    columns = "Account,Partition,Constraints,QOS,ReqTRES%60,Timelimit,State"
    told = slurm.said("sacct", "-X", "-n", "-P", "-j", ",".join(ids), "-o", columns)
    trained, extracted = (line.split("|") for line in told.splitlines())
    gpu = "billing=1,cpu=1,gres/gpu=1,mem=8000M,node=1"
    assert trained == ["research", "gpu", "large", "normal", gpu, "00:12:00", "COMPLETED"]
    plain = "billing=1,cpu=1,mem=4000M,node=1"
    assert extracted == ["research", "cpu", "intel", "normal", plain, "01:00:00", "COMPLETED"]


def put_back(job: str) -> bool:
    """Whether Slurm itself has put a job back into the queue.

    Twice where the pushed job went to the other node, before that was lost too.
    """
    return re.search(r"Restarts=[1-9]", slurm.said("scontrol", "show", "job", job)) is not None


@slow
def test_the_quick_scale_itself_makes_the_bytes_of_one_machine(cluster, tmp_path):
    login = Login(tmp_path / "login")
    copy_sources(login.folder)
    here = login.copy(tmp_path / "here")
    login.submit(env=ENVIRONMENT)
    here.make()
    assert bytes_of(login) == bytes_of(here)


@slow
@pytest.mark.skipif("LATEPHASE_KUBERNETES" not in os.environ, reason="no plugin of a storage")
def test_a_storage_stands_for_a_shared_folder(login, finished, tmp_path):
    """What every engine wants whose machines share no files: here one folder plays the storage."""
    plugins = {"PYTHONPATH": os.environ.get("LATEPHASE_KUBERNETES", "")}
    storage = ("--default-storage-provider", "fs", "--default-storage-prefix", str(tmp_path / "s"))
    shared = ("persistence", "sources", "source-cache", "software-deployment")
    wanted = ("results/quick/figures/sakamoto2026_fig3.pdf", "results/quick/claims.csv")
    login.submit(*storage, "--shared-fs-usage", *shared, "--", *wanted, env=ENVIRONMENT | plugins)
    stored = bytes_of(Project(tmp_path / "s"))
    assert stored.items() <= bytes_of(finished).items()
    assert not (login.folder / "results/packs").exists()
    csv = "results/quick/claims.csv"
    assert (tmp_path / "s" / csv).read_bytes() == (finished.folder / csv).read_bytes()


def log(project, pack: str) -> str:
    """What a training has told in its present life."""
    path = project.folder / f"results/logs/train/{pack}.log"
    return path.read_text() if path.exists() else ""


def start(project, *args: str) -> subprocess.Popen:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [sys.executable, *project.PROGRAM, *args],
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
