"""Digests of the code that a job runs. An edit that changes a digest runs the job again."""

import functools
from pathlib import Path

from latephase.runs import code_digest


class Code:
    """The code of a repository. Modules are named with dots, from its root."""

    def __init__(self, root: Path):
        self.root = root

    @functools.cache  # noqa: B019 (one object for each workflow)
    def digest(self, *modules: str) -> str:
        """A digest of what these programs and parts compute."""
        return code_digest.program(modules, self.root)

    @functools.cache  # noqa: B019
    def planned_digest(self, *modules: str) -> str:
        """The same, for a program that is called with the digest of a study's planned rows.

        The code that reads grids is left out. If an edit of that code changes the rows, it also
        changes their digest.
        """
        return code_digest.program(modules, self.root, answered=code_digest.PLANNING)

    def sources(self, module: str) -> list[str]:
        """The files of a program and of all that it imports."""
        return code_digest.sources(module, self.root)
