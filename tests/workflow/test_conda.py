"""Environments and the container file: ``--sdm conda`` for real, but for what is in the packages.

Snakemake deploys; rattler parses, solves and links. The channel is a folder of stubs that are
called as the packages pinned in ``envs/`` and need what these need, and of one that came later.
"""

import os
import re
import sys

import pytest

from tests.tools import pins
from tests.workflow import conda_channel, conda_standin

pytest.importorskip("rattler", reason="py-rattler is what the stand-in for conda is made of")
pytestmark = pytest.mark.workflow

FIGURE = "results/quick/figures/sakamoto2026_fig3.pdf"
CREATE = ("--sdm", "conda", "--conda-create-envs-only")
LATER = pins.Pin("noarch", "tzdata-2099a-0.conda", "tzdata", "2099a", "0", "0" * 32)
FAMILIES = ("collapse", "nc0", "flatness", "information")
RULES = {
    "train": {"train", "extract"},
    "analysis": {"prepare_data", "aggregate", "figure"},
}
"""What is run for a figure, by environment."""

APPTAINER = f"""\
#!{sys.executable}
import pathlib, subprocess, sys
command = sys.argv[-1]
if command == "--version":
    print("apptainer version 1.4.0")
elif command.startswith("[ -d "):
    sys.exit(command.split("'")[1] not in pathlib.Path("envs/Dockerfile").read_text())
else:
    sys.exit(subprocess.call(command, shell=True))
"""
"""It knows of an image which folders it has: those of the container file."""


@pytest.fixture(scope="module")
def conda(tmp_path_factory) -> dict[str, str]:
    """The variables of a shell in which there is a conda."""
    root = tmp_path_factory.mktemp("conda")
    known = {pin for name in ("train", "train-cuda", "analysis") for pin in pins.read(name)}
    conda_channel.write(root / "conda-forge", known | {LATER})
    conda_standin.install_into(root)
    return {"PATH": f"{root}/bin{os.pathsep}{os.environ['PATH']}"}


def environments(project) -> dict[frozenset[str], str]:
    """The folder of each environment of a project, by what is linked in it."""
    return {
        frozenset(record.stem for record in path.glob("conda-meta/*.json")): str(path)
        for path in (project.folder / ".snakemake/conda").glob("*_")
    }


def pinned(name: str) -> frozenset[str]:
    return frozenset(f"{pin.name}-{pin.version}-{pin.build}" for pin in pins.read(name))


def test_a_dry_run_plans_jobs_and_environments(fresh_project, conda):
    text = fresh_project.make("-n", "--sdm", "conda", env=conda)
    assert re.search(r"^train +2$", text, re.M)
    planned = set(re.findall(r"Conda environment (\S+) will be created", text))
    assert planned == {"envs/analysis.yaml", "envs/train.yaml"}
    assert environments(fresh_project) == {}


def test_a_figure_is_made_in_the_pinned_environments(fresh_project, conda):
    fresh_project.edit_study(grid={"optimizer.weight_decay": [0.07], "seed": [42, 43]})
    fresh_project.append("latephase/__init__.py", "import sys; print('prefix', sys.prefix)")
    fresh_project.make("--sdm", "conda", "--", FIGURE, env=conda)
    assert (fresh_project.folder / FIGURE).read_bytes().startswith(b"%PDF")

    made = environments(fresh_project)
    assert set(made) == {pinned(name) for name in RULES}
    logs = list((fresh_project.folder / "results/logs").glob("*/*.log"))
    for name, rules in RULES.items():
        line = f"prefix {made[pinned(name)]}\n"
        assert {log.parent.name for log in logs if line in log.read_text()} == rules


def test_on_gpus_the_pins_are_those_for_cuda(fresh_project, conda):
    fresh_project.make(*CREATE, "--config", "device=cuda", "--", FIGURE, env=conda)
    names = ("train", "train-cuda", "analysis")  # metrics_device is another key
    assert set(environments(fresh_project)) == {pinned(name) for name in names}


@pytest.mark.parametrize(
    "damage",
    [
        (r"#[0-9a-f]{32}", "#" + "0" * 32),
        ("/numpy-2[.]5[.]2-", "/numpy-2.5.1-"),
        ("@EXPLICIT", "@IMPLICIT"),
    ],
    ids=["sum", "version", "head"],
)
def test_other_versions_than_the_pinned_ones_are_an_error(fresh_project, conda, damage):
    path = fresh_project.folder / "envs/train.linux-64.pin.txt"
    path.write_text(re.sub(*damage, path.read_text(), count=1))
    text, status = fresh_project.run("--sdm", "conda", "--", FIGURE, env=conda)
    assert status != 0
    assert "Failed to install conda environment from pin file" in text  # a warning, by itself
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert ".pin.txt: could not be installed" in errors[0]
    assert "tzdata-2026c-h151e31d_0, tzdata-2099a-0" in errors[0]
    assert pinned("train") not in environments(fresh_project)
    assert not (fresh_project.folder / "results/data").exists()


def test_the_container_file_is_what_snakemake_makes_of_the_environments(fresh_project, conda):
    file = pins.ROOT / "envs/Dockerfile"
    text = fresh_project.make("--containerize", env=conda)
    assert text.endswith(file.read_text()), "snakemake --containerize >envs/Dockerfile"


def test_jobs_look_for_the_environments_that_the_container_file_makes(
    fresh_project,
    conda,
    tmp_path,
):
    apptainer = tmp_path / "apptainer"
    apptainer.write_text(APPTAINER)
    apptainer.chmod(0o755)
    env = {"PATH": f"{tmp_path}{os.pathsep}{conda['PATH']}"}
    line = 'containerized: "latephase.sif"'
    fresh_project.replace("Snakefile", "\n\n\nconfigfile:", f"\n{line}\n\n\nconfigfile:")
    call = ("--sdm", "conda", "apptainer", "--conda-create-envs-only", "--", FIGURE)
    fresh_project.make(*call, env=env)
    assert environments(fresh_project) == {}
    fresh_project.append("envs/train.linux-64.pin.txt", "# another")
    text, status = fresh_project.run(*call, env=env)
    assert status != 0
    assert "Unable to find environment in container image" in text
