"""Print the GPU that a job should take, the one that the fewest others have.

    CUDA_VISIBLE_DEVICES=$(python -m scripts.own_gpu --of 4 --job $$)

``--job`` is a process that lives as long as the job; ``--of`` is how many GPUs the machine has. The
choice is among those that ``CUDA_VISIBLE_DEVICES`` names, where it is set: by the user, or by a
cluster for the job. Otherwise it is among 0 to N − 1.

Each choice is a file that says which process made it, in a folder of the user's on this machine.
It counts while that process lives. So a job that is killed leaves nothing to be cleaned up.
"""

import argparse
import os
import tempfile
from pathlib import Path

from filelock import FileLock

from latephase.errors import reporting


def visible(number: int) -> list[str]:
    """The GPUs that a job may take, by their names for CUDA."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    return told.split(",") if told else [str(index) for index in range(number)]


def folder() -> Path:
    """Where choices are kept; a job of a cluster, which may number its GPUs anew, has its own."""
    name = f"latephase-gpus-{os.getuid()}-{os.environ.get('SLURM_JOB_ID', '')}"
    return Path(tempfile.gettempdir()) / name


def born(process: int) -> str | None:
    """When a process began, in clock ticks since the machine did; None if it has ended."""
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return told.rpartition(")")[2].split()[19]


def choose(gpus: list[str], job: int, choices: Path) -> str:
    """One of the GPUs, which is then the job's until it ends."""
    choices.mkdir(mode=0o700, exist_ok=True)
    with FileLock(choices / "lock"):
        taken = dict.fromkeys(gpus, 0)
        for file in choices.glob("*-*"):
            process, began = file.name.split("-")
            if born(int(process)) != began:
                file.unlink()
            elif (gpu := file.read_text()) in taken:
                taken[gpu] += 1
        chosen = min(taken, key=taken.get)
        (choices / f"{job}-{born(job)}").write_text(chosen)
    return chosen


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--of", type=int, default=1, metavar="N", help="GPUs in this machine")
    parser.add_argument("--job", type=int, required=True, metavar="PID", help="its process")
    args = parser.parse_args(argv)
    gpus = visible(args.of)
    print(gpus[0] if len(gpus) == 1 else choose(gpus, args.job, folder()))


if __name__ == "__main__":
    with reporting():
        main()
