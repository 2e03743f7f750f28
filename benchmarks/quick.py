"""The quick scale of two commits, one after the other on the same cores: time, and start-up in it.

    python -m benchmarks.quick --against f6fc8c1
    python -m benchmarks.quick --against f6fc8c1 --targets results/quick/figures/zhao2026_fig8.pdf

Each commit is cloned into a folder of its own and makes the targets (by default all that scale
quick has) from nothing, with the Python that runs this. Printed for each: the seconds on the clock,
the jobs and their seconds, and how many of these are start-up, that is Python starting and
importing what a program imports. Start-up is measured program by program, after the runs, as the
least time of three that ``--help`` takes, started as the workflow starts it. At last the CSVs of
figures and tables are compared.
"""

import argparse
import csv
import json
import math
import os
import re
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
    """A commit's files in a folder."""
    subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=folder, check=True)
    return folder


def environment() -> dict[str, str]:
    """The variables with which the workflow finds this Python."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def make(folder: Path, cores: int, targets: list[str]) -> float:
    """Make the targets; the seconds on the clock."""
    command = [sys.executable, "-m", "snakemake", f"-c{cores}", "--", *targets]
    began = time.monotonic()
    with (folder / "printed.txt").open("w") as printed:
        subprocess.run(
            command, cwd=folder, env=environment(), stdout=printed, stderr=printed, check=True
        )
    return time.monotonic() - began


def jobs(folder: Path) -> tuple[Counter, float]:
    """How often each program ran, as it was started, and the seconds of all jobs."""
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


SERVER = """
import os, subprocess, sys
try:
    from scripts import serve
    serve.start()
except ImportError:  # a commit without a server
    pass
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def startup(folder: Path, program: str) -> float:
    """The least seconds of a few that a program takes to begin, and to end at once.

    Where programs are started by way of a server, one of its own is started first, and the first
    time, in which it imports the libraries, is left out.
    """
    if not program.startswith("python -m "):
        return 0.0
    measure = (
        "import subprocess, sys, time\n"
        f"for _ in range({ROUNDS + 1}):\n"
        "    began = time.monotonic()\n"
        f"    subprocess.run(['bash', '-c', '{program} --help >/dev/null'])\n"
        "    print(time.monotonic() - began)\n"
    )
    command = [sys.executable, "-c", SERVER, sys.executable, "-c", measure]
    variables = environment() | ONE_THREAD
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=True
    )
    return min(map(float, done.stdout.split()[1:]))


def numbers(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def largest_difference(first: Path, second: Path) -> float:
    """The largest relative difference of two CSVs; infinite where anything else differs."""
    a, b = numbers(first), numbers(second)
    if [len(row) for row in a] != [len(row) for row in b]:
        return math.inf
    largest = 0.0
    for x, y in zip(chain.from_iterable(a), chain.from_iterable(b), strict=True):
        if x == y:
            continue
        try:
            x, y = float(x), float(y)
        except ValueError:
            return math.inf
        largest = max(largest, abs(x - y) / max(abs(x), abs(y)))
    return largest


def compare(old: Path, new: Path) -> None:
    """Say which CSVs of figures and tables are the same bytes, and how far others are apart."""
    files = sorted(path.relative_to(old) for path in old.glob("results/quick/[ft]*/*.csv"))
    equal = [file for file in files if (old / file).read_bytes() == (new / file).read_bytes()]
    print(f"{len(equal)} of {len(files)} CSVs are the same bytes")
    for file in files:
        if file not in equal:
            print(f"  {file.name}: apart by {largest_difference(old / file, new / file):.1e}")


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
        begun = sum(n * startup(path, program) for program, n in programs.items())
        print(
            f"{name}: {clock[name]:.0f} s on the clock, {programs.total()} jobs of "
            f"{seconds:.0f} s, start-up {begun:.0f} s, {begun / seconds:.0%}"
        )
    print(f"new / old, on the clock: {clock['new'] / clock['old']:.2f}")
    compare(clones["old"], clones["new"])
    print(f"kept in {folder}")


if __name__ == "__main__":
    main()
