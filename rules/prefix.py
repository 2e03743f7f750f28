"""How the command of every job begins."""

import shlex
from pathlib import Path

from scripts.surroundings import LEAVE

SILENT = "exec >/dev/null; "
"""What a job prints goes only to its log."""
# Slurm sends SIGTERM to every process of a job that must leave its node. The training saves its
# state and ends with status 143. The shell and the program that writes the log ignore the signal,
# so they live until then. Slurm puts a job back into the queue only if Slurm itself ends the job,
# after the grace period. A job that ends earlier counts as failed. So if preempted jobs are put
# back, the shell waits until Slurm ends it, for ten minutes at most. Braces are doubled for
# Snakemake.
HEED_SLURM = (
    "trap '' TERM; trap 'test $? != 143 || "
    "! scontrol show partition ${{SLURM_JOB_PARTITION:--}} 2>&1 | grep PreemptMode=REQUEUE >&2 || "
    "sleep 600' EXIT; "
)


def of(root: Path, silent: bool = False) -> str:
    """The prefix of all shell commands. ``root`` is the folder of the repository."""
    find = "" if Path.cwd() == root else f"export PYTHONPATH={shlex.quote(str(root))}; "
    return f"{SILENT if silent else ''}{LEAVE}{find}set -euo pipefail; {HEED_SLURM}"
