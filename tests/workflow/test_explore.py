"""A one-off run through the command line: a study, a picture, nothing twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.workflow

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
COMMAND = ["-m", "scripts.explore", "--like", "weight_decay_mlp"]
SET = ["--set", "optimizer.weight_decay=0.05", "--set", "seed=1,2", "--set", "steps=20"]


def call(project, *words):
    return subprocess.run(
        [sys.executable, *COMMAND, *words],
        cwd=project.folder,
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_it_trains_draws_and_does_nothing_twice(finished, tmp_path):
    project = finished.copy(tmp_path / "latephase")
    first = call(project, *SET, "--", "-c2")
    assert first.returncode == 0, first.stderr
    study, picture = (line.partition(": ")[2] for line in first.stdout.splitlines()
                      if line.startswith(("study: ", "picture: ")))  # fmt: skip
    assert (project.folder / picture).read_bytes().startswith(b"\x89PNG")
    content = yaml.safe_load((project.folder / study).read_text())
    grid = content["scales"]["quick"]["grid"]
    assert grid == {"optimizer.weight_decay": [0.05], "seed": [1, 2]}
    again = call(project, *SET, "--", "-c2")
    assert again.returncode == 0 and "Nothing to be done" in again.stderr
    # The rest of the project knows nothing of it.
    assert project.jobs() == {}


def test_what_cannot_be_is_one_line_and_trains_nothing(finished, tmp_path):
    project = finished.copy(tmp_path / "latephase")
    wrong = call(project, "--set", "optimizer.lr=-1", "--", "-c2")
    assert wrong.returncode != 0
    assert "optimizer.lr" in wrong.stderr + wrong.stdout
    assert "Traceback" not in wrong.stderr
