"""A small run, and the snakemake command in its folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.one_study import STUDY, keep_one_study

ROOT = Path(__file__).parents[2]
SMALL = {
    "model": {"name": "mlp", "widths": [16], "init_scale": 2.0},
    "batch_size": 50,
    "steps": 60,
    "checkpoints": {"log": 6},
    "grid": {"optimizer.weight_decay": [0.07], "seed": [42, 43]},
    "margins": {"runs": {"optimizer.weight_decay": 0.07}, "steps": [1, 60], "pairs": [[0, 1]]},
}
"""What of the study's quick scale is cut: one pack of two runs."""
SOURCES = (
    *("Snakefile", "config.yaml", "requirements.txt", "catalog", "envs", "latephase"),
    *("profiles", "report", "rules", "scripts"),
)


def snakemake(folder: Path, *arguments: str) -> str:
    """Run snakemake in a folder; what it printed, after success."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def copied(folder: Path) -> Path:
    """What the pipeline needs of the repository, its study cut to seconds."""
    folder.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    study = yaml.safe_load((folder / STUDY).read_text())
    study["scales"]["quick"] |= SMALL
    (folder / STUDY).write_text(yaml.safe_dump(study, sort_keys=False))
    keep_one_study(folder)
    return folder
