"""The environments of programs that use torch, and digests of the software in them."""

import functools
import re
from pathlib import Path

from latephase.runs import spec


def stage(library: str) -> str:
    """The environment for models of an optional library, or for other models if it is empty.

    The variant for GPUs has ``-cuda`` after this name.
    """
    return f"train-{library}" if library else "train"


class Environments:
    """The environments of a repository."""

    def __init__(self, root: Path):
        self.root = root

    @functools.cache  # noqa: B019 (one object for each workflow)
    def software(self, stage: str) -> str:
        """A digest of the software of a stage.

        It covers the stage's environments for processors and for GPUs, their pins, and what pip
        installs in their place: torch, and the stage's library with what it needs. Comments are
        left out. The digest is a param of jobs that are cached, because the cache's key leaves out
        pin files and, without --sdm conda, the whole environment.
        """
        envs, both = self.root / "envs", (stage, f"{stage}-cuda")
        listed = [
            path
            for kind in ("yaml", "txt")
            for name in both
            for path in envs.glob(f"{name}.*{kind}")
        ]
        files = [*sorted(listed), self.root / "requirements.txt"]
        lines = [line for path in files for line in _lines(path, r"- |https:|torch==")]
        if library := stage.removeprefix("train").removeprefix("-"):
            lines += _lines(self.root / f"requirements-{library}.txt", r"[\w.-]+==")
        return spec.digest(lines)


def _lines(path: Path, beginning: str) -> list[str]:
    """The lines of a file, without blanks around them, that begin in this way."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if re.match(beginning, line)]
