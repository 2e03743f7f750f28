"""A figure in one file, drawn again from that file alone."""

import hashlib
import json
import shlex
import subprocess
import sys
import zipfile

import pytest

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("figure", ["sakamoto2026_fig2", "sakamoto2026_fig3"])
def test_a_bundle_draws_its_figure_again(finished, tmp_path, figure):
    project = finished.copy(tmp_path / "project")
    target = f"results/quick/bundles/{figure}.zip"
    assert project.jobs(target) == {"bundle": 1}
    project.make(target)
    first = (project.folder / target).read_bytes()
    with zipfile.ZipFile(project.folder / target) as bundle:
        bundle.extractall(tmp_path)
    folder = tmp_path / figure

    command = shlex.split((folder / "REDRAW.txt").read_text())
    assert command[0] == "python"
    subprocess.run([sys.executable, *command[1:]], cwd=folder, check=True)
    for kind in ("csv", "pdf", "png"):
        drawn = (folder / f"redrawn.{kind}").read_bytes()
        assert drawn == (folder / f"figure/{figure}.{kind}").read_bytes()
        assert drawn == (project.folder / f"results/quick/figures/{figure}.{kind}").read_bytes()

    provenance = json.loads((folder / "provenance.json").read_text())
    for name, expected in provenance["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    assert provenance["trainings"].keys() == project.packs()
    assert all(training["torch"] for training in provenance["trainings"].values())
    assert provenance["studies"]["weight_decay_mlp"]["grid"]["seed"] == [42, 43]
    assert project.jobs(target) == {}

    (project.folder / target).unlink()
    project.make(target)
    assert (project.folder / target).read_bytes() == first
