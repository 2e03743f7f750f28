"""Which files of the project a program is made of, found from its imports.

They are the ``code`` of the rule that runs it, as inputs or, where there are thousands of jobs, as
a digest among the params, so that an edit re-runs exactly the stages that import what was edited.
Imports are read, not executed: no stage's libraries are needed to plan.
"""

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from latephase.errors import UserError

PACKAGES = ("latephase", "scripts")


@functools.cache
def imported_by(file: Path, root: Path) -> frozenset[Path]:
    """The project's files that one file imports by name, at its top or within a function.

    An import runs the ``__init__`` of every package on the way, so these are among them.
    """
    here = file.relative_to(root).with_suffix("").parts
    names = set()
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: -node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return frozenset(file for name in names for file in _files(name, root))


def _files(name: str, root: Path) -> set[Path]:
    """The files that importing a dotted name runs, without what they import in turn."""
    pieces = name.split(".")
    if pieces[0] not in PACKAGES:
        return set()
    bases = [root.joinpath(*pieces[: depth + 1]) for depth in range(len(pieces))]
    files = {path for base in bases for path in (base.with_suffix(".py"), base / "__init__.py")}
    return {path for path in files if path.is_file()}


@functools.cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@functools.cache
def content(file: Path) -> str:
    """The sha256 of what a file says; comments and the layout of its lines are not in it."""
    return hashlib.sha256(ast.dump(_tree(file)).encode()).hexdigest()


def digest(files: Iterable[str], root: Path) -> str:
    """12 hex digits that tell apart what files are called and what they hold."""
    listed = "".join(f"{name} {content(root / name)}\n" for name in sorted(files))
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def sources(module: str, root: Path) -> list[str]:
    """The module's file and all of the project that it imports, directly or not.

    Paths are relative to the root and sorted.
    """
    found = _files(module, root)
    queue = list(found)
    while queue:
        for file in imported_by(queue.pop(), root) - found:
            found.add(file)
            queue.append(file)
    return sorted(str(file.relative_to(root)) for file in found)


def program(modules: Iterable[str], root: Path) -> str:
    """12 hex digits that tell apart what programs and parts of these names compute."""
    return digest({file for name in modules for file in sources(name, root)}, root)


def forget() -> None:
    """Read files anew when next asked: they may have been edited."""
    for cached in (imported_by, _tree, content):
        cached.cache_clear()


def hold(expected: str | None, modules: Iterable[str], root: Path) -> None:
    """Raise a UserError if the code is not that of a digest which was taken when a job was planned.

    Else a cache would keep under the old code's key what the new one made.
    """
    forget()
    if expected not in (None, program(modules, root)):
        raise UserError(
            "the code was edited since this job was planned, and its result is not kept; "
            "run again, or undo the edit and run again"
        )
