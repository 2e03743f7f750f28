"""Files that a user names: whether they can be read, and their checksums."""

import csv
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latephase.errors import UserError

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
"""The endings of the names of files of texts."""


@contextmanager
def reading(path: str | os.PathLike) -> Iterator[None]:
    """Turn an error about a file into a UserError."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; allowed: {', '.join(ENDINGS)}") from None
    except UnicodeEncodeError:
        raise UserError(f"{str(path)!a}: is not a path; allowed: {', '.join(ENDINGS)}") from None
    except UnicodeDecodeError as error:
        byte = f"0x{error.object[error.start]:02x}"
        raise UserError(f"{path}: holds the byte {byte}, which is not UTF-8 text") from None
    except csv.Error as error:
        raise UserError(f"{path}: not a readable table ({error})") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        text = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read ({text})") from None


def check_file(path: str | os.PathLike) -> None:
    """Raise a UserError if a path is impossible, or is a folder or a pipe."""
    with reading(path):
        Path(path).stat()
        if not Path(path).is_file():
            raise UserError(f"{path}: is not a file; allowed: {', '.join(ENDINGS)}, or a vocab.txt")


def sha256(path: str | os.PathLike) -> str:
    """The sha256 of a file."""
    with reading(path), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
