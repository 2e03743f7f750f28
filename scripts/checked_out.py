"""The commit with which results are made."""

import subprocess


def commit() -> str | None:
    """The commit that is checked out, marked if files differ from it. None without git."""
    asked = ("git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
    try:
        done = subprocess.run(asked, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
