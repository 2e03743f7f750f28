# What the other files share: the catalog, where things lie, and what each job is made of.
# Bindings only; the logic is in latephase/catalog.py and latephase/spec.py.
import re
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))

from latephase import catalog, ending, families, grid, imports, own_data, parts, spec
from latephase.datasets import folder_header
from latephase.errors import UserError
from snakemake.logging import logger
from scripts import summary

ending.without_a_lock()

try:
    CATALOG = catalog.load(ROOT, config)
except UserError as error:
    sys.exit(f"error: {error}")

RESULTS = config["results"]
STUDIES = f"{RESULTS}/{{scale}}/studies"
FIGURES = f"{RESULTS}/{{scale}}/figures"
TABLES = f"{RESULTS}/{{scale}}/tables"
# Slurm says SIGTERM to every process of a job that is to leave its node. The training hears it,
# saves its state and ends with 143; the shell, and what writes the log, stay to its end. What Slurm
# itself ends after the period of grace goes back into the queue; a job that ends within it has
# failed. So, where preempted jobs are put back, it waits to be ended, though not for ever.
shell.prefix(
    "set -euo pipefail; trap '' TERM; trap 'test $? != 143 || "
    "! scontrol show partition ${{SLURM_JOB_PARTITION:--}} 2>&1 | grep PreemptMode=REQUEUE >&2 || "
    "sleep 600' EXIT; "
)

# Measured on every run, and, dearer, where a study names them under `metrics`.
FAMILIES = [*families.FAMILIES, *families.MORE_FAMILIES]
# The data whose inputs are compressed, by their digests.
COMPRESSED = CATALOG.compressed_data()


wildcard_constraints:
    dataset="[a-z0-9_]+",
    pack="[a-z0-9_]+-[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{12}",
    digest="[0-9a-f]{12}",
    scale="|".join(catalog.SCALES),
    study="|".join(CATALOG.studies),
    # Where there is none, a pattern that nothing matches.
    figure="|".join(CATALOG.figures) or "(?!)",
    table="|".join(CATALOG.tables) or "(?!)",
    metric="|".join(CATALOG.own_metrics()) or "(?!)",


def torch_env(device):
    """The environment of what computes with torch: its two builds differ in nothing else."""
    return f"../envs/train{'-cuda' * device.startswith('cuda')}.yaml"


def software(stage):
    """A digest of a stage's environments, for processors and GPUs alike, and of their pins.

    A param of what is cached: the cache's key leaves out pin files, and without --sdm conda the
    environment altogether. Comments are not in it.
    """
    files = [*sorted((ROOT / "envs").glob(f"{stage}*")), ROOT / "requirements.txt"]
    lines = [line.strip() for path in files for line in path.read_text().splitlines()]
    wanted = [line for line in lines if re.match(r"- |https:|torch==", line)]
    return spec.digest(wanted)


def gpus(device):
    """How many GPUs a job takes."""
    return int(device.startswith("cuda"))


def train_minutes(wildcards, attempt):
    """A training's time limit: twice what the configuration says of its speed, and the start."""
    return attempt * (10 + 2 * CATALOG.minutes(wildcards.pack))
