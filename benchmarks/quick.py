"""Measure the time of scale quick at two commits, on the same cores, and the start-up in it.

    python -m benchmarks.quick --against f6fc8c1
    python -m benchmarks.quick --against f6fc8c1 --targets results/quick/figures/zhao2026_fig8.pdf

Each commit is cloned into a folder of its own. There, the targets are made from nothing, with the
Python that runs this program. By default, the targets are everything at scale quick. For each
commit, the program prints the seconds on the clock, the number of jobs and their seconds, and the
seconds of start-up, in which Python starts and imports what a program needs. At the end it compares
the CSVs of figures and tables.

Start-up is measured after the runs. Each program is called with ``--help`` in the way that the
workflow starts it. As many calls run at once as there are cores, and the median counts for each
job. Two things are added: for each commit, the time that a server takes to start, and for each
program, the time of its first call beyond the median, because the server then imports the program's
libraries. The start of the server belongs to no job. So for the share of start-up, it is also added
to the seconds of the jobs.
"""

import argparse
import csv
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import chain
from pathlib import Path

from scripts.serve import ONE_THREAD

ROOT = Path(__file__).parents[1]
ROUNDS = 3
PROGRAM = re.compile(r"python -m scripts\.(start )?([\w.]+)")


def clone(commit: str, folder: Path) -> Path:
    """Clone a commit into a folder."""
    subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=folder, check=True)
    return folder


def environment() -> dict[str, str]:
    """The variables with which the workflow finds this Python."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def make(folder: Path, cores: int, targets: list[str]) -> float:
    """Make the targets. Returns the seconds on the clock."""
    command = [sys.executable, "-m", "snakemake", f"-c{cores}", "--", *targets]
    began = time.monotonic()
    with (folder / "printed.txt").open("w") as printed:
        subprocess.run(
            command, cwd=folder, env=environment(), stdout=printed, stderr=printed, check=True
        )
    return time.monotonic() - began


def jobs(folder: Path) -> tuple[Counter, float]:
    """How often each program ran, by the command that started it, and the seconds of all jobs."""
    ran: dict[tuple, tuple[str, float]] = {}
    for path in (folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            record = json.loads(path.read_text())
            key = (record["rule"], *record["log"])
            took = record["endtime"] - record["starttime"]
            found = PROGRAM.search(record["shellcmd"])
            ran[key] = (found[0] if found else record["rule"], took)
    programs = Counter(program for program, _ in ran.values())
    return programs, sum(took for _, took in ran.values())


MEASURE = """
import json, os, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor

def seconds(action, *arguments):
    began = time.monotonic()
    action(*arguments)
    return time.monotonic() - began

def call(program):
    subprocess.run(["bash", "-c", f"{program} --help >/dev/null"])

cores, rounds, *programs = sys.argv[1:]
try:
    from scripts import serve
    server = seconds(serve.start)
except ImportError:  # a commit without a server
    server = 0.0
first = [seconds(call, program) for program in programs]
with ThreadPoolExecutor(int(cores)) as pool:
    many = int(cores) * int(rounds)
    calls = [list(pool.map(seconds, [call] * many, [program] * many)) for program in programs]
print(json.dumps([server, first, calls]))
"""
"""Takes the place of Snakemake. It starts a server, if the commit has one, and calls programs."""


def startup(folder: Path, programs: Counter, cores: int) -> tuple[float, float]:
    """The seconds that a server takes to start, and the seconds of start-up in all jobs."""
    called = [program for program in programs if program.startswith("python -m ")]
    command = [sys.executable, "-c", MEASURE, str(cores), str(ROUNDS), *called]
    variables = environment() | ONE_THREAD
    done = subprocess.run(command, cwd=folder, env=variables, stdout=subprocess.PIPE, check=True)
    server, first, calls = json.loads(done.stdout)
    return server, sum(
        programs[program] * statistics.median(times) + max(once - statistics.median(times), 0.0)
        for program, once, times in zip(called, first, calls, strict=True)
    )


def numbers(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def largest_difference(first: Path, second: Path) -> float:
    """The largest relative difference of two CSVs. Infinite if anything else differs."""
    a, b = numbers(first), numbers(second)
    if [len(row) for row in a] != [len(row) for row in b]:
        return math.inf
    pairs = zip(chain.from_iterable(a), chain.from_iterable(b), strict=True)
    return max((difference(x, y) for x, y in pairs), default=0.0)


def difference(first: str, second: str) -> float:
    """The relative difference of two entries. Infinite if they are not two finite numbers.

    It is 0 if they are the same: the same text, the same number, or both NaN.
    """
    if first == second:
        return 0.0
    try:
        x, y = float(first), float(second)
    except ValueError:
        return math.inf
    if x == y or (math.isnan(x) and math.isnan(y)):
        return 0.0
    apart = abs(x - y) / max(abs(x), abs(y))
    return apart if math.isfinite(apart) else math.inf


def compare(old: Path, new: Path) -> None:
    """Print how many CSVs of figures and tables have the same bytes, and how the others differ."""
    found = [
        {path.relative_to(folder) for path in folder.glob("results/quick/[ft]*/*.csv")}
        for folder in (old, new)
    ]
    files = sorted(found[0] & found[1])
    unlike = [file for file in files if (old / file).read_bytes() != (new / file).read_bytes()]
    print(f"{len(files) - len(unlike)} of {len(files)} CSVs are the same bytes")
    for file in unlike:
        print(f"  {file.name}: apart by {largest_difference(old / file, new / file):.1e}")
    for name, only in (("old", found[0] - found[1]), ("new", found[1] - found[0])):
        for file in sorted(only):
            print(f"  {file.name}: only {name} has it")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", required=True, metavar="COMMIT", help="the old commit")
    parser.add_argument("--commit", default="HEAD", help="the new commit")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--targets", nargs="*", default=["all"])
    parser.add_argument("--folder", type=Path, help="where to work; it is kept")
    args = parser.parse_args(argv)
    folder = args.folder or Path(tempfile.mkdtemp(prefix="latephase-"))
    clones = {name: clone(commit, folder / name) for name, commit in
              (("old", args.against), ("new", args.commit))}  # fmt: skip
    clock = {name: make(path, args.cores, args.targets) for name, path in clones.items()}
    for name, path in clones.items():
        programs, seconds = jobs(path)
        server, begun = startup(path, programs, args.cores)
        print(
            f"{name}: {clock[name]:.0f} s on the clock, {programs.total()} jobs of "
            f"{seconds:.0f} s, start-up {server + begun:.0f} s (the server's {server:.1f} s), "
            f"{(server + begun) / (server + seconds):.0%}"
        )
    print(f"new / old, on the clock: {clock['new'] / clock['old']:.2f}")
    compare(clones["old"], clones["new"])
    print(f"kept in {folder}")


if __name__ == "__main__":
    main()
