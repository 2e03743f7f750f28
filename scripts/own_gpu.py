"""Print the GPU that a job should take: the one that the fewest other jobs have.

    CUDA_VISIBLE_DEVICES=$(python -m scripts.own_gpu --of 4 --job $$)

``--job`` is a process that lives as long as the job. ``--of`` is the number of GPUs in the machine.
If the user, or a cluster, has set ``CUDA_VISIBLE_DEVICES``, the choice is among the GPUs that it
names. Otherwise it is among 0 to N − 1.

Each choice is a file in a folder of the user's on this machine. The name of the file says for which
process it was made. The choice counts while that process lives. So a job that is killed leaves
nothing to be cleaned up.
"""

import argparse
import os
import tempfile
from pathlib import Path

from filelock import FileLock

from latephase.errors import reporting


def visible(number: int) -> list[str]:
    """The GPUs that a job may take, under CUDA's names."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    return told.split(",") if told else [str(index) for index in range(number)]


def folder() -> Path:
    """The folder of the choices. A cluster's job, whose GPUs may have new numbers, has its own."""
    name = f"latephase-gpus-{os.getuid()}-{os.environ.get('SLURM_JOB_ID', '')}"
    return Path(tempfile.gettempdir()) / name


def born(process: int) -> str | None:
    """When a process began, in clock ticks since the machine started. None if it has ended."""
    try:
        told = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return told.rpartition(")")[2].split()[19]


def choose(gpus: list[str], job: int, choices: Path) -> str:
    """Choose one of the GPUs for a job. It is the job's until the job ends."""
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
