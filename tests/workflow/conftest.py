"""Whole workflows in copies of the repository, with its study cut down to seconds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.one_study import STUDY, keep_one_study

ROOT = Path(__file__).parents[2]
NOT_COPIED = ("results", "resources", ".git", ".venv", ".snakemake", "__pycache__", ".*_cache")
TINY = {
    "data": {"name": "digits", "train_size": 200},
    "model": {"name": "mlp", "widths": [16], "init_scale": 2.0},
    "batch_size": 50,
    "steps": 60,
    "checkpoints": {"log": 6},
    "grid": {"optimizer.weight_decay": [0.3, 0.07], "seed": [42, 43]},
    "margins": {
        "runs": {"optimizer.weight_decay": 0.07},
        "steps": [1, 60],
        "pairs": [[0, 1]],
    },
}
"""What of the study's quick scale is cut: two packs of two runs."""


class Project:
    """A copy of the repository, and the snakemake command in it."""

    PROGRAM = ("-m", "snakemake")

    def __init__(self, folder: Path):
        self.folder = folder

    def run(self, *args: str, env: dict[str, str] | None = None) -> tuple[str, int]:
        """Call snakemake; its stdout and stderr as one text, and its exit status."""
        process = self.start(*args, env=env)
        text, _ = process.communicate(timeout=3600)
        return text, process.returncode

    def start(self, *args: str, env: dict[str, str] | None = None) -> subprocess.Popen:
        """Call snakemake, and go on while it runs."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.Popen(
            [sys.executable, *self.PROGRAM, *args],
            cwd=self.folder,
            env=os.environ | {"PATH": path} | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def make(self, *args: str, env: dict[str, str] | None = None) -> str:
        """Call snakemake, which must succeed."""
        text, status = self.run(*args, env=env)
        assert status == 0, text
        return text

    def jobs(self, *args: str, env: dict[str, str] | None = None) -> dict[str, int]:
        """The jobs that a call would run: rule to count, empty where nothing is to be done."""
        text = self.make("--quiet", "rules", "--dry-run", *args, env=env)
        if "Nothing to be done" in text:
            return {}
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total +(\d+)$", text, re.M | re.S)
        assert table, text
        counts = {rule: int(n) for rule, n in map(str.split, table[1].splitlines())}
        assert sum(counts.values()) == int(table[2])
        return counts

    def commands(self, *args: str) -> str:
        """The shell commands of the jobs that a call would run."""
        return self.make("--dry-run", "--printshellcmds", *args)

    def trained_packs(self, *args: str) -> set[str]:
        """The packs that a call would train."""
        return set(re.findall(r"--scratch \S+/(\S+)", self.commands(*args)))

    def packs(self) -> set[str]:
        """The packs that were trained."""
        return {path.name for path in (self.folder / "results/packs").iterdir()}

    def append(self, file: str, text: str) -> None:
        """Add a line at the end of a file."""
        path = self.folder / file
        path.write_text(f"{path.read_text()}{text}\n")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a text that stands in a file."""
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def uncomment(self, file: str, *keys: str) -> None:
        """Take the # away from the lines that set these keys."""
        path = self.folder / file
        text = path.read_text()
        for key in keys:
            text, count = re.subn(rf"^( *)# ({key}: )", r"\1\2", text, flags=re.M)
            assert count, f"{file} has no commented {key}"
        path.write_text(text)

    def read_yaml(self, file: str) -> dict:
        return yaml.safe_load((self.folder / file).read_text())

    def write_yaml(self, file: str, content: dict) -> None:
        (self.folder / file).write_text(yaml.safe_dump(content, sort_keys=False))

    def edit_config(self, **changes) -> None:
        """Set keys of the configuration."""
        self.write_yaml("config.yaml", self.read_yaml("config.yaml") | changes)

    def edit_study(self, **changes) -> None:
        """Set keys of the study's quick scale."""
        study = self.read_yaml(STUDY)
        study["scales"]["quick"] |= changes
        self.write_yaml(STUDY, study)

    def copy(self, folder: Path) -> "Project":
        """Everything with its times, as by ``cp -a``."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return type(self)(folder)


def copy_sources(folder: Path) -> None:
    """The repository's files into a folder: what git tracks or would, else all but what is made."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
        return
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


@pytest.fixture(scope="session")
def sources(tmp_path_factory) -> Project:
    """The repository with its study cut; not to be changed or run in."""
    folder = tmp_path_factory.mktemp("sources") / "latephase"
    copy_sources(folder)
    project = Project(folder)
    keep_one_study(folder)
    project.edit_study(**TINY)
    return project


@pytest.fixture(scope="session")
def finished(sources, tmp_path_factory) -> Project:
    """Everything made once; not to be changed."""
    project = sources.copy(tmp_path_factory.mktemp("finished") / "latephase")
    project.make()
    return project


@pytest.fixture
def fresh_project(sources, tmp_path) -> Project:
    """Sources in which nothing was made, to do with as a test likes."""
    return sources.copy(tmp_path / "fresh")


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A finished run, to do with as a test likes."""
    return finished.copy(tmp_path / "project")
