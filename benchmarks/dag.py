"""Measure what planning costs in time and memory, by the number of jobs, and where it bends up.

    python -m benchmarks.dag                       100 to 100,000 jobs, half an hour
    python -m benchmarks.dag --jobs 19440          the grid of zhao2026, 3,888 runs
    python -m benchmarks.dag --only load           and job, plan, bare, which each call measures

The benchmark copies the workflow to a temporary folder and adds a study `synthetic` at the scale
`paper`. The study is a union of grids over three data sets and two optimizers. A pack has one run,
like a pack of a convolutional network. A run takes five jobs: a training and four extractions. The
benchmark measures:

load     reading and checking the catalog and cutting it into packs; each job on a cluster does so;
job      all that such a job does before it starts: Snakemake for one extraction, including load;
small    ``snakemake -n`` of a figure of a small study, while the catalog also has the large one;
plan     ``snakemake -n`` of everything at the scale, when nothing is made;
bare     the same for as many jobs without params, resources and messages: Snakemake's own share;
batch    ``snakemake -n --batch aggregate=1/10`` of the large study's data;
nothing  ``snakemake -n`` of everything when all is made, which ends with "Nothing to be done".

For the last one, the benchmark makes every file, empty, and ``snakemake --touch`` records them.

How to read it: seconds are the processor's time, user and system. Other work on the machine changes
them less than the time on the clock. MB is the peak resident memory. ``ms a job`` is the time that
each job beyond those of the row above adds to the plan. It falls while files are read for the first
time, stays the same if planning is linear, and rises if something is worse than linear.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from latephase.metrics.families import FAMILIES

ROOT = Path(__file__).parents[1]
STUDY, FIGURE = "synthetic", "synthetic_fig"
JOBS = 1 + len(FAMILIES)
"""Jobs for each run: a training, and one for each family of metrics."""
TABLE = f"results/paper/studies/{STUDY}.parquet"
SMALL, DRAWN = "weight_decay_mlp", "sakamoto2026_fig3"
SHOWN = (DRAWN, "sakamoto2026_fig2", "atlas_overview")
"""The figures of the small study that are kept. They show only the standard families."""
TABLES = ("parquet", "margins.parquet")
DATA = ("digits", "mnist", "fashion_mnist")
OPTIMIZERS = ({"name": "sgd", "lr": 0.01}, {"name": "adamw", "lr": 0.001})
DECAYS = [0.0, 5.0e-5, 5.0e-4, 5.0e-3, 0.05, 0.5]
NOT_COPIED = ("results", "resources", "tests", "docs", ".git", ".venv", ".snakemake", "*cache*")
COLUMNS = ("load", "job", "small", "plan", "bare", "batch", "nothing")
SIZES = [100, 1000, 5000, 20000, 50000, 100000]
BEND = 1.25
"""Planning bends where a job costs so many times the least that it cost among fewer jobs."""
START = "from snakemake.cli import main; main()"
LOAD = """
import yaml
from pathlib import Path
from latephase.catalog import load
made = load.load(Path().resolve(), yaml.safe_load(Path("config.yaml").read_text()))
"""
LIST = """
import json
studies, figures = made.chosen_studies("paper"), made.chosen_figures("paper")
packs = {study: made.packs_of(study, "paper") for study in studies}
print(json.dumps({"packs": packs, "figures": figures}))
"""
BARE = """
rule all:
    input: [f"{i}.{f}" for i in range(RUNS) for f in FAMILIES]
rule train:
    output: "{i}.h"
    shell: "touch {output}"
rule extract:
    input: "{i}.h"
    output: "{i}.{family}"
    wildcard_constraints: family="|".join(FAMILIES)
    shell: "touch {output}"
"""


def setting(runs: int) -> dict:
    """The study's setting: a union of grids with ``runs`` runs in all."""
    entries = [
        {"data": {"name": data, "train_size": 1000}, "optimizer": dict(optimizer)}
        for data in DATA
        for optimizer in OPTIMIZERS
    ]
    shares = [runs // len(entries) + (i < runs % len(entries)) for i in range(len(entries))]
    grids = []
    for entry, share in zip(entries, shares, strict=True):
        whole, rest = divmod(share, len(DECAYS))
        if whole:
            axes = {"optimizer.weight_decay": DECAYS, "seed": list(range(whole))}
            grids.append(entry | {"grid": axes})
        if rest:
            axes = {"optimizer.weight_decay": DECAYS[:rest], "seed": [whole]}
            grids.append(entry | {"grid": axes})
    return {
        "model": {"name": "mlp", "widths": [200, 200, 200]},
        "loss": {"name": "cross_entropy"},
        "batch_size": 100,
        "steps": 100000,
        "checkpoints": {"log": 30},
        "grids": grids,
    }


def copy(folder: Path, runs: int) -> None:
    """Copy the workflow to a folder, with the study, a figure of it, and one small study."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    catalog = folder / "catalog"
    for path in catalog.glob("*/studies/*.yaml"):
        if path.stem != SMALL:
            path.unlink()
            continue
        study = _read(path)
        for small in study["scales"].values():
            small.pop("metrics", None)
        _write(path, study)
    for path in (*catalog.glob("*/figures.yaml"), *catalog.glob("*/tables.yaml")):
        entries = _read(path).items()
        _write(path, {name: entry for name, entry in entries if name in SHOWN})
    for path in catalog.glob("*/claims.yaml"):
        claims = [claim for claim in _read(path)["claims"] if claim["study"] == SMALL]
        claims = [claim for claim in claims if "mi_" not in str(claim["arguments"])]
        path.unlink()
        if claims:
            _write(path, {"claims": claims})
    study = {
        "title": "Many runs",
        "question": "What does planning cost?",
        "added": "2030-01-01",
        "scales": {"paper": setting(runs)},
    }
    figure = {"title": "Many runs", "study": STUDY, "files": ["data"], "script": "over_time"}
    shown = {"by": ["optimizer.weight_decay"], "metrics": ["accuracy_test", "rnc1"]}
    figure["arguments"] = {"both": shown}
    _write(catalog / f"own/studies/{STUDY}.yaml", study)
    _write(catalog / "own/figures.yaml", {FIGURE: figure})
    config = _read(folder / "config.yaml") | {"scale": "paper", "packs": {}}
    _write(folder / "config.yaml", config)


def _read(path: Path) -> dict:
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def _write(path: Path, content: dict) -> None:
    path.write_text(yaml.safe_dump(content))


@dataclass
class Cost:
    """The time and memory that a process took."""

    cpu: float  # seconds, user and system
    wall: float  # seconds
    megabytes: float  # peak resident memory
    said: str  # its output


class Workflow:
    """A copy of the workflow, in which snakemake can be called."""

    def __init__(self, folder: Path, runs: int):
        copy(folder, runs)
        self.folder = folder
        found = json.loads(self.cost(program=LOAD + LIST).said)
        self.packs, self.figures = found["packs"], found["figures"]
        self.target = f"results/packs/{self.packs[STUDY][0]}/{FAMILIES[0]}.parquet"

    def cost(self, *args: str, program: str = START) -> Cost:
        """What a call of snakemake, or of another program, costs. The call must succeed."""
        start = time.perf_counter()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *args],
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            said = output.read().decode()
        if process.returncode:
            raise RuntimeError(said[-2000:])
        seconds, wall = usage.ru_utime + usage.ru_stime, time.perf_counter() - start
        return Cost(seconds, wall, usage.ru_maxrss / 1024, said)

    def make(self) -> None:
        """Make every file of the scale, empty, and Snakemake's records of these files."""
        results = self.folder / "results"
        packs = {pack for ids in self.packs.values() for pack in ids}
        tables = ["history.parquet", "timing.json", *(f"{family}.parquet" for family in FAMILIES)]
        files = [
            *(f"data/{name}.safetensors" for name in DATA),
            *(f"packs/{pack}/{table}" for pack in packs for table in tables),
            *(f"paper/studies/{name}.{kind}" for name in self.packs for kind in TABLES),
            *(
                f"paper/figures/{name}.{kind}"
                for name in self.figures
                for kind in ("pdf", "png", "csv")
            ),
            *(f"paper/claims.{kind}" for kind in ("csv", "html", "json")),
            *(f"paper/{name}" for name in ("report.html", "config.json", "index.html")),
        ]
        for pack in packs:
            (results / "packs" / pack / "checkpoints").mkdir(parents=True)
        for name in files:
            (results / name).parent.mkdir(parents=True, exist_ok=True)
            (results / name).touch()
        # --forceall is needed because --touch alone would not record files that exist already.
        # By default, --touch waits a tenth of a second for each job, because of coarse clocks.
        quick = "from snakemake.executors import touch; touch.Executor.SLEEPING_TIME = 0"
        # The scheduler's time grows with the number of ready jobs times that of chosen ones.
        several = ("--cores", "200", "--scheduler-subsample", "200")
        several += ("--max-jobs-per-timespan", "100000/1s")
        self.cost("--touch", "--forceall", "--quiet", "all", *several, program=f"{quick}\n{START}")


def measure(runs: int, wanted: list[str]) -> tuple[dict[str, Cost], dict[str, float]]:
    """Measure what is wanted. Returns the costs, and how many jobs and records there are."""
    with tempfile.TemporaryDirectory() as folder:
        workflow = Workflow(Path(folder) / "latephase", runs)
        bare = workflow.folder / "Bare"
        bare.write_text(f"RUNS, FAMILIES = {runs}, {FAMILIES}\n{BARE}")
        costs, records = {}, []
        for name, arguments in {
            "job": [workflow.target],
            "small": [f"results/quick/figures/{DRAWN}.pdf"],
            "plan": [],
            "bare": ["--snakefile", str(bare)],
            "batch": ["--batch", "aggregate=1/10", "--", TABLE],
        }.items():
            if name in wanted:
                costs[name] = workflow.cost("-n", *arguments)
        if "load" in wanted:
            costs["load"] = workflow.cost(program=LOAD)
        if "nothing" in wanted:
            workflow.make()
            costs["nothing"] = workflow.cost("-n")
            said = costs["nothing"].said
            if "Nothing to be done" not in said or "missing provenance" in said:
                raise RuntimeError(said[-2000:])
            records = list((workflow.folder / ".snakemake/metadata").iterdir())
        jobs = {name: _jobs(cost) for name, cost in costs.items()}
        size = sum(path.stat().st_size for path in records) / 1e6
    return costs, {"jobs": jobs, "records": len(records), "records, MB": size}


def _jobs(cost: Cost) -> int:
    """How many jobs a dry run lists. 0 if it prints no list."""
    total = re.search(r"^total +(\d+)$", cost.said, re.M)
    return int(total[1]) if total else 0


def marginal(rows: list[dict]) -> list[float]:
    """Milliseconds that each job of a row's plan costs beyond those of the row before."""
    points = [(1, rows[0]["seconds"]["job"])]
    points += [(row["jobs"]["plan"], row["seconds"]["plan"]) for row in rows]
    return [1000 * (b - a) / (m - n) for (n, a), (m, b) in pairwise(points)]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=SIZES, help="of the study, rising")
    parser.add_argument("--only", choices=COLUMNS, nargs="+", default=COLUMNS, metavar="WHAT")
    parser.add_argument("--rounds", type=int, default=1, help="the quickest one counts")
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    args = parser.parse_args(argv)
    wanted = [name for name in COLUMNS if name in {*args.only, "job", "plan", "bare"}]
    print(f"\nseconds\n{'jobs':>8}" + "".join(f"{name:>9}" for name in wanted), flush=True)
    rows = []
    for jobs in args.jobs:
        rounds = [measure(max(1, jobs // JOBS), wanted) for _ in range(args.rounds)]
        best = {name: min((r[0][name] for r in rounds), key=lambda c: c.cpu) for name in wanted}
        row = rounds[0][1] | {
            "seconds": {name: cost.cpu for name, cost in best.items()},
            "seconds on the clock": {name: cost.wall for name, cost in best.items()},
            "megabytes": {name: cost.megabytes for name, cost in best.items()},
        }
        rows.append(row)
        cells = "".join(f"{seconds:>9.2f}" for seconds in row["seconds"].values())
        print(f"{row['jobs']['plan']:>8,}{cells}", flush=True)
    heads = ("ms a job", "x bare", "plan, MB", "records", "records, MB")
    print(f"\n{'jobs':>8}" + "".join(f"{head:>13}" for head in heads))
    least = None
    for row, each in zip(rows, marginal(rows), strict=True):
        seconds = row["seconds"]
        print(f"{row['jobs']['plan']:>8,}{each:>13.2f}", end="")
        print(
            f"{seconds['plan'] / seconds['bare']:>13.2f}{row['megabytes']['plan']:>13.0f}", end=""
        )
        print(f"{row['records']:>13,}{row['records, MB']:>13.1f}", end="")
        print("   bends" if least and each > BEND * least else "")
        least = min(each, least or each)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
