"""How long it took to make a pack, and on what: ``timing.json``, beside its history.

A bundle quotes it. No number of a result depends on it.
"""

import json
import platform
from pathlib import Path

import torch

from latephase.storage.atomic import replacing


def write(path: Path, seconds: float, run_steps: int, device: str, threads: int) -> None:
    """Write the file: seconds on the clock, steps times runs, and the machine."""
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
