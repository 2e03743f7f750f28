"""Write ``timing.json``: how long it took to make a pack, and on which machine.

The file is beside the pack's history. Bundles quote it. No number of a result depends on it.
"""

import json
import platform
from pathlib import Path

import torch

from latephase.storage.atomic import replacing


def write(path: Path, seconds: float, run_steps: int, device: str, threads: int) -> None:
    """Write the file: seconds on the clock, steps summed over the runs, and the machine."""
    told = {
        "wall_seconds": seconds,
        "run_steps": run_steps,
        "device": device,
        "threads": threads,
        "machine": platform.machine(),
        "torch": torch.__version__,
    }
    with replacing(path) as part:
        part.write_text(json.dumps(told) + "\n")
