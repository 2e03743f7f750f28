"""Several GPUs in one machine. A stand-in for Python notes what jobs are given, and has no GPU."""

import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

STAND_IN = """\
#!/bin/bash
case "$*" in *"scripts.start train"*)
  device=$(printf '%s\\n' "$@" | grep -A1 -x -- --device | tail -1)
  echo "$device/${{CUDA_VISIBLE_DEVICES-unset}}" >>{noted}
  for i in $(seq 100); do [ "$(wc -l <{noted})" -ge 2 ] && break; sleep 0.1; done  # both at once
esac
exec {python} "${{@/#cuda/cpu}}"
"""


@pytest.mark.parametrize(
    ("visible", "given"),
    [(None, {"cuda/0", "cuda/1"}), ("4,6,7", {"cuda/4", "cuda/6"})],
)
def test_jobs_at_once_take_different_gpus(fresh_project, tmp_path, visible, given):
    noted, standin = tmp_path / "noted", tmp_path / "python"
    noted.touch()
    standin.write_text(STAND_IN.format(noted=noted, python=sys.executable))
    standin.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "TMPDIR": str(tmp_path)}
    env |= {"CUDA_VISIBLE_DEVICES": visible} if visible else {}
    args = ("-c2", "--resources", "gpu=2", "--config", "device=cuda", "--until", "train", "--")
    fresh_project.make(*args, "results/quick/studies/weight_decay_mlp.parquet", env=env)
    assert set(noted.read_text().split()) == given
