"""Check the folders that the configuration names. Each mistake is reported in one line."""

import os
from pathlib import Path

from latephase.errors import UserError

SPECIAL = "{}()\"'`$\\*?[]^~;|&<>!"
"""Characters with a meaning in a shell or in a pattern of Snakemake."""


def check_folder(key: str, value: str, write: bool) -> None:
    """Check that a folder exists or can be made, and that its name can be used in a command.

    If ``write`` is true, also check that it can be written to.
    """

    def refused(problem: str, allowed: str) -> UserError:
        return UserError(f"config: {key} is {value!r}, {problem}; allowed: {allowed}")

    special = [letter for letter in value if letter in SPECIAL or not letter.isprintable()]
    if special:
        raise refused(
            f"with {special[0]!r}", "no character that has a meaning in a shell or a pattern"
        )
    if value.startswith("-") or value != value.strip():
        raise refused(
            "which begins with - or has a blank at its start or end",
            "another name, or ./ before it",
        )
    path = Path(value)
    for place in (path, *path.parents):
        try:
            if place.is_symlink() and not place.exists():
                raise refused(f"but {place} is a link to nothing", "a folder, or a new name")
            exists = place.exists()
        except OSError as error:
            raise refused(
                f"which cannot be made ({error.strerror})", "a folder, or a new name"
            ) from None
        if exists:
            if not place.is_dir():
                raise refused(f"but {place} is not a folder", "a folder, or a new name")
            if write and not os.access(place, os.W_OK | os.X_OK):
                raise refused(
                    f"but nothing can be written to {place}", "a folder that you can write to"
                )
            return
