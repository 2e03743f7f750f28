"""Checkpoints that other code made: their files, their steps, and checksums of their contents.

This module uses the standard library only, because the Snakefile imports it.
"""

import glob
import hashlib
import re
from pathlib import Path

from latephase.errors import UserError
from latephase.runs import code_digest

NAME = "outside"
"""The name of the model, and of the optimizer, of a run that other code trained."""
SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt")
STEP, SEED = "{step}", "{seed}"
"""The placeholders for the step in a pattern, and for the seed in a folder's name."""
LAST = 999_999_999
"""The largest step that the file name of our checkpoints can hold."""


def files(folder: str, pattern: str | None = None) -> list[tuple[int, Path]]:
    """The checkpoints in a folder that other code filled, in the order of their steps.

    ``pattern`` is a file's path below the folder, with ``{step}`` in place of the step and ``*``
    for any text. Without a pattern, a file's step is the number after "step" in its name. If no
    name has that word, it is the only number in the name. Other files are ignored.

    Raises UserError if there is no such file, if two have the same step, or if the step of a file
    is not clear.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UserError(f"{folder}: no such folder; allowed: one with checkpoints in it")
    found: dict[int, Path] = {}
    steps = _fitting(root, pattern) if pattern else _numbered(root)
    for path, step in steps:
        if step > LAST:
            raise UserError(f"{path}: its step is {step}; allowed: at most {LAST}")
        if step in found:
            raise UserError(
                f"{path}: of step {step}, as {found[step].relative_to(root).as_posix()} is; "
                "allowed: one file for each step, which a pattern may choose"
            )
        found[step] = path
    if not found:
        there = sorted(path.name for path in root.iterdir())
        told = ", ".join(there[:4]) + ", …" * (len(there) > 4)
        wanted = pattern or f"*{STEP} and one of {', '.join(SUFFIXES)}"
        raise UserError(f"{folder}: no file fits {wanted}; there: {told or 'nothing'}")
    return sorted(found.items())


def check_pattern(pattern: str) -> None:
    """Raise a UserError unless a pattern has one place for the step and fits readable files."""
    below = not pattern.startswith("/") and ".." not in pattern.split("/")
    if pattern.count(STEP) != 1 or not pattern.endswith(SUFFIXES) or not below:
        raise UserError(
            f"{pattern!r}; allowed: a path below the folder with {STEP} in it once, "
            f"that ends in {', '.join(SUFFIXES)}"
        )


def _fitting(root: Path, pattern: str) -> list[tuple[Path, int]]:
    before, after = (re.escape(part).replace(r"\*", "[^/]*") for part in pattern.split(STEP))
    form = re.compile(rf"{before}(?<!\d)(\d+)(?!\d){after}")  # the whole number, even beside a *
    found = []
    texts = re.split(r"\*+", pattern.replace(STEP, "*"))
    for path in sorted(root.glob("*".join(map(glob.escape, texts)))):
        match = form.fullmatch(path.relative_to(root).as_posix())
        if match and path.is_file():
            found.append((path, int(match[1])))
    return found


def _numbered(root: Path) -> list[tuple[Path, int]]:
    """The files whose names contain one number, with these numbers.

    If any name contains "step", only names with "step" count.
    """
    paths = [p for p in sorted(root.iterdir()) if p.suffix in SUFFIXES and p.is_file()]
    numbers = {path: re.findall(r"step[-_= ]?(\d+)", path.stem, re.I) for path in paths}
    if not any(numbers.values()):
        numbers = {path: re.findall(r"\d+", path.stem) for path in paths}
    for path, several in numbers.items():
        if len(several) > 1:
            raise UserError(
                f"{path}: its step may be {' or '.join(several)}; "
                f"allowed: a pattern that says so, such as step_{STEP}_*{path.suffix}"
            )
    return [(path, int(number)) for path, one in numbers.items() for number in one]


def checksum(path: Path) -> str:
    """The sha256 of a file. Raises UserError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def content(found: list[tuple[int, Path]]) -> str:
    """12 hex digits that identify the contents and steps of files, whatever their names are."""
    listed = "".join(f"{step} {checksum(path)}\n" for step, path in found)
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def code(file: str) -> str:
    """12 hex digits that identify what a model's file computes.

    They include the files beside it that it imports, without comments and docstrings. Raises
    UserError if there is no such Python file.
    """
    path = Path(file)
    if path.suffix != ".py" or "." in path.stem or not path.is_file():
        wrong = "no such file" if not path.is_file() else "no name of a Python module"
        raise UserError(f"{file}: {wrong}; allowed: a file of Python, such as my_model.py")
    return code_digest.program([path.stem], path.parent.resolve())
