"""The profiles' plans, which need no cluster: what would run, and what each job asks for."""

import math
import os
import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.workflow

SLURM = ("--workflow-profile", "profiles/slurm")
FILE = "profiles/slurm/profile.yaml"
EXTRACTIONS = ["extract", "encode_inputs", "convert_checkpoints"]


@pytest.fixture
def talkative(fresh_project):
    """A project whose jobs have no messages: in place of one, a plan tells all of a job."""
    for path in (fresh_project.folder / "rules").glob("*.smk"):
        path.write_text(re.sub(r"^ +message:\n.*\n", "", path.read_text(), flags=re.M))
    return fresh_project


def asked(project, *args: str, **options) -> dict[str, dict[str, str]]:
    """What a job of each rule asks for, resource by resource."""
    text = project.make("--dry-run", "--quiet", "host", *args, **options)
    jobs = re.findall(r"^rule (\w+):\n(?: +.*\n)*? +resources: (.*)$", text, re.M)
    return {rule: dict(word.split("=", 1) for word in line.split(", ")) for rule, line in jobs}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_cluster_makes_what_one_machine_would(sources, device):
    config = ("--config", "scale=paper", f"device={device}", f"metrics_device={device}")
    jobs = sources.jobs(*SLURM, *config)
    assert jobs == sources.jobs("--config", "scale=paper")
    assert jobs["train"] == 12


@pytest.mark.parametrize(("device", "metrics_device"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_jobs_ask_for_gpus_memory_and_time(talkative, device, metrics_device):
    config = (f"device={device}", f"metrics_device={metrics_device}", "scale=paper")
    jobs = asked(talkative, *SLURM, "--config", *config)
    train = jobs["train"]
    assert train["gpu"] == str(int(device == "cuda"))
    assert train["mem_mb"] == "8000"
    # Ten minutes, and twice the whole minutes that its steps take at the speed in config.yaml.
    speed = {"cpu": 250, "cuda": 500}[device]
    minutes = {math.ceil(100_000 * seeds / speed / 60) for seeds in (2, 3)}
    assert int(train["runtime"]) in {10 + 2 * each for each in minutes}
    job = jobs["extract"]
    assert job["gpu"] == str(int(metrics_device == "cuda"))
    assert (job["mem_mb"], job["runtime"]) == ("4000", "60")


def test_the_lines_to_fill_in_reach_the_jobs(talkative):
    keys = ("slurm_account", "slurm_partition", "constraint", "qos", "slurm_extra", "gpu_model")
    talkative.uncomment(FILE, *keys, *EXTRACTIONS)
    jobs = asked(talkative, *SLURM, "--config", "device=cuda", "metrics_device=cuda")
    train, margins = jobs["train"], jobs["extract_margins"]
    assert (train["slurm_partition"], train["constraint"]) == ("gpu", "large")
    assert (margins["slurm_partition"], margins["constraint"]) == ("cpu", "intel")
    assert train["gpu_model"] == "a100"
    assert "gpu_model" not in margins
    for job in (train, margins):
        assert (job["slurm_account"], job["qos"]) == ("research", "normal")
        assert job["slurm_extra"] == "--mail-type=FAIL"
    job = jobs["extract"]
    assert (job["slurm_partition"], job["gpu_model"], job["gpu"]) == ("gpu", "a100", "1")


def test_a_family_may_have_memory_of_its_own(talkative):
    line = "mem_mb: \"(16000 if wildcards.family == 'flatness' else 4000) * attempt\""
    assert line in (talkative.folder / FILE).read_text()
    settings = talkative.read_yaml(FILE)
    settings["set-resources"]["extract"] = yaml.safe_load(line)
    talkative.write_yaml(FILE, settings)
    text = talkative.make("--dry-run", "--quiet", "host", *SLURM)
    jobs = re.findall(
        r"^rule extract:\n(?: +.*\n)*? +wildcards: (.*)\n +resources: (.*)$", text, re.M
    )
    memory = {
        re.search(r"family=(\w+)", wildcards)[1]: re.search(r"mem_mb=(\d+)", resources)[1]
        for wildcards, resources in jobs
    }
    others = dict.fromkeys(("collapse", "nc0", "information"), "4000")
    assert memory == {"flatness": "16000"} | others


def test_the_executor_knows_the_lines_to_fill_in(sources):
    """A resource that it does not know, it leaves out, and says nothing."""
    submit = pytest.importorskip("snakemake_executor_plugin_slurm.submit_string")
    folder = Path(submit.__file__).parent
    package = "".join(path.read_text() for path in folder.glob("*.py"))
    text = (sources.folder / FILE).read_text()
    block = text[text.index("default-resources:") : text.index("# Packages")]
    keys = set(re.findall(r"^ +# (\w+): ", block, re.M)) - set(EXTRACTIONS)
    assert len(keys) == 6
    for key in keys:
        assert f'resources.get("{key}"' in package, key


def test_the_cache_line_names_every_rule_that_keeps_what_it_made(fresh_project):
    cached = set(re.findall(r"rule (\w+) is eligible for caching", fresh_project.make("-n")))
    fresh_project.uncomment(FILE, "cache")
    profile = yaml.safe_load((fresh_project.folder / FILE).read_text())
    assert sorted(profile["cache"]) == sorted(cached)


def test_kubernetes_makes_what_one_machine_would(talkative, tmp_path):
    """With an empty folder as storage; the programs are not sought there."""
    folder = os.environ.get("LATEPHASE_KUBERNETES")
    if not folder:
        pytest.skip(
            "LATEPHASE_KUBERNETES names no folder with profiles/kubernetes/requirements.txt"
        )
    profile = ("--workflow-profile", "profiles/kubernetes", "--config", "device=cuda")
    storage = ("--default-storage-provider", "fs", "--default-storage-prefix", str(tmp_path / "s"))
    wanted = ("results/quick/figures/sakamoto2026_fig3.pdf", "results/quick/claims.csv")
    args, variables = (*profile, *storage, "--", *wanted), {"PYTHONPATH": folder}
    assert talkative.jobs(*args, env=variables) == talkative.jobs(*wanted)
    jobs = asked(talkative, *args, env=variables)
    # Without a maker the executor refuses a job, also one that asks for no GPU; and Kubernetes a
    # GPU without a limit, which the executor sets where scale is 0.
    for rule, gpu in {"train": "1", "extract": "0"}.items():
        assert (jobs[rule]["gpu"], jobs[rule]["gpu_manufacturer"]) == (gpu, "nvidia")
        assert jobs[rule]["scale"] == "0"
    assert (jobs["train"]["mem_mb"], jobs["extract"]["mem_mb"]) == ("8000", "4000")
