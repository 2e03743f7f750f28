"""Which files of the project a program is made of, found from its imports.

They are the ``code`` inputs of the rule that runs it, so that an edit re-runs exactly the
stages that import what was edited. Imports are read, not executed: no stage's libraries are
needed to plan.
"""

import ast
import functools
from pathlib import Path

PACKAGES = ("latephase", "scripts")


@functools.cache
def imported_by(file: Path, root: Path) -> frozenset[Path]:
    """The project's files that one file imports by name, at its top or within a function."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    files = set()
    for name in names:
        if name.split(".")[0] in PACKAGES:
            base = root.joinpath(*name.split("."))
            files.update(
                path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()
            )
    return frozenset(files)


def sources(module: str, root: Path) -> list[str]:
    """The module's file and all of the project that it imports, directly or not.

    Paths are relative to the root and sorted.
    """
    first = root.joinpath(*module.split(".")).with_suffix(".py")
    found, queue = {first}, [first]
    while queue:
        for file in imported_by(queue.pop(), root) - found:
            found.add(file)
            queue.append(file)
    return sorted(str(file.relative_to(root)) for file in found)
