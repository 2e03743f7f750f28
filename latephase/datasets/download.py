"""Find a data file: in the user's mirror, in the download cache, or at its public addresses."""

import gzip
import hashlib
import http.client
import io
import os
import urllib.request
import zlib
from pathlib import Path
from typing import BinaryIO

from latephase.errors import UserError

LONGER = 1 << 16
"""How many bytes a compressed file may be longer than its content, if the content does not
compress."""
TIMEOUT_SECONDS = 30.0


class Unfit(Exception):
    """The bytes are not those of the wanted file. The message says why."""


def find(
    dataset: str,
    file: dict,
    *,
    mirror: Path | None = None,
    cache: Path | None = None,
    timeout: float = TIMEOUT_SECONDS,
    unpack: bool = True,
) -> bytes:
    """The uncompressed content of ``file`` (keys name, urls, sha256, bytes), checked by its sha256.

    If ``unpack`` is false, the result is the unchanged bytes of the file, and sha256 and bytes
    describe these. Never more than ``bytes`` are decompressed, and only a little more is read: a
    longer file is not the wanted one.

    The file is sought at ``<mirror>/<dataset>/<name>``, then at ``<cache>/<dataset>/<name>``,
    compressed or not, and then at the urls. A download is kept in the cache if there is one. An
    underscore in the name of the data set may be a hyphen in the name of its folder.

    Raises UserError. A wrong file in the mirror or the cache is also an error, and the search ends
    there: results must not depend on which files could be read.
    """
    if mirror is not None and not Path(mirror).is_dir():
        raise UserError(f"{mirror}: the mirror is not a folder; allowed: an existing folder")
    for folder in (mirror, cache):
        path = _local(folder, dataset, file["name"])
        if path is not None:
            try:
                with path.open("rb") as stream:
                    return content_of(_whole(stream, file["bytes"]), file, unpack)
            except (Unfit, OSError) as error:
                raise UserError(f"{path}: {_line(error)}; replace or remove this file") from None
    return _download(dataset, file, cache, timeout, unpack)


def content_of(data: bytes, file: dict, unpack: bool = True) -> bytes:
    """``data``, decompressed if it is gzip and ``unpack`` is true.

    Raises Unfit unless its size and its sha256 are those of the file.
    """
    if unpack and data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as stream:
                data = stream.read(file["bytes"] + 1)
        except EOFError:
            raise Unfit("the gzip file is truncated") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Unfit(f"the gzip file is damaged ({_line(error)})") from None
    if len(data) > file["bytes"]:
        raise Unfit(f"the content is larger than {file['bytes']} bytes")
    found = hashlib.sha256(data).hexdigest()
    if found != file["sha256"]:
        what = "the uncompressed content" if unpack else "the file"
        raise Unfit(f"sha256 of {what} is {found}; expected {file['sha256']}")
    return data


def _whole(stream: BinaryIO, size: int) -> bytes:
    """All bytes of a file whose content has ``size`` bytes. Raises Unfit if it has far more."""
    data = stream.read(size + LONGER + 1)
    if len(data) > size + LONGER:
        raise Unfit(f"the file is larger than {size + LONGER} bytes")
    return data


def _local(folder: Path | None, dataset: str, name: str) -> Path | None:
    if folder is None:
        return None
    for directory in (dataset, dataset.replace("_", "-")):
        for file in (name, name.removesuffix(".gz")):
            path = Path(folder) / directory / file
            if path.is_file():
                return path
            if path.exists() or path.is_symlink():
                raise UserError(f"{path}: is not a file; replace or remove it")
    return None


def _download(dataset: str, file: dict, cache: Path | None, timeout: float, unpack: bool) -> bytes:
    failures = []
    for url in file["urls"]:
        try:
            with urllib.request.urlopen(url, timeout=timeout) as response:
                data = _whole(response, file["bytes"])
            content = content_of(data, file, unpack)
        # OSError covers urllib's URLError, time-outs and broken connections.
        except (OSError, http.client.HTTPException, Unfit) as error:
            failures.append(f"{url}: {_line(error)}")
            continue
        if cache is not None:
            _keep(data, Path(cache) / dataset / file["name"])
        return content
    raise UserError(
        f"{file['name']}: data set {dataset} is neither in the mirror nor in the cache, and no "
        f"download succeeded ({'; '.join(failures)}); put the file into <mirror>/{dataset}/"
    )


def _keep(data: bytes, path: Path) -> None:
    """Write a checked download. Other processes see the complete file or none."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({_line(error)})") from None
    finally:
        part.unlink(missing_ok=True)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
