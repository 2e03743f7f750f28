"""Find a data file: in the user's mirror, in the download cache, at its canonical addresses."""

import gzip
import hashlib
import http.client
import io
import os
import urllib.request
import zlib
from pathlib import Path

from latephase.errors import UserError

# Far above any file of the catalog; what exceeds it is not the file, or is a gzip bomb.
LARGEST = 1 << 30
TIMEOUT_SECONDS = 30.0


class Unfit(Exception):
    """The bytes found are not the file looked for; the message says why."""


def find(
    dataset: str,
    file: dict,
    *,
    mirror: Path | None = None,
    cache: Path | None = None,
    timeout: float = TIMEOUT_SECONDS,
    unpack: bool = True,
) -> bytes:
    """The uncompressed content of ``file`` (keys name, urls, sha256), checked by its sha256.

    With ``unpack`` false, its bytes as they are, and the sum is of these. Looked for in this
    order, each time against the same sum:
    ``<mirror>/<dataset>/<name>``, ``<cache>/<dataset>/<name>``, both compressed or not, and the
    urls; a download is kept in the cache if there is one. An underscore in the name of the data
    set may be a hyphen in the name of its folder.

    A wrong file in the mirror or the cache is an error, not a reason to look further: results
    must not depend on what happened to be unreadable. Raises UserError.
    """
    if mirror is not None and not Path(mirror).is_dir():
        raise UserError(f"{mirror}: the mirror is not a folder; allowed: an existing folder")
    for folder in (mirror, cache):
        path = _local(folder, dataset, file["name"])
        if path is not None:
            try:
                return content_of(path.read_bytes(), file["sha256"], unpack)
            except (Unfit, OSError) as error:
                raise UserError(f"{path}: {_line(error)}; replace or remove this file") from None
    return _download(dataset, file, cache, timeout, unpack)


def content_of(data: bytes, sha256: str, unpack: bool = True) -> bytes:
    """``data``, decompressed if it is gzip, if its sum is ``sha256``; raises Unfit if not.

    With ``unpack`` false nothing is decompressed.
    """
    if unpack and data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as stream:
                data = stream.read(LARGEST + 1)
        except EOFError:
            raise Unfit("the gzip file is truncated") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Unfit(f"the gzip file is damaged ({_line(error)})") from None
        if len(data) > LARGEST:
            raise Unfit(f"the content is larger than {LARGEST} bytes")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        what = "the uncompressed content" if unpack else "the file"
        raise Unfit(f"sha256 of {what} is {found}; expected {sha256}")
    return data


def _local(folder: Path | None, dataset: str, name: str) -> Path | None:
    if folder is None:
        return None
    for directory in (dataset, dataset.replace("_", "-")):
        for file in (name, name.removesuffix(".gz")):
            path = Path(folder) / directory / file
            if path.is_file():
                return path
    return None


def _download(dataset: str, file: dict, cache: Path | None, timeout: float, unpack: bool) -> bytes:
    failures = []
    for url in file["urls"]:
        try:
            with urllib.request.urlopen(url, timeout=timeout) as response:
                data = response.read(LARGEST + 1)
            content = content_of(data, file["sha256"], unpack)
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
    """Write a checked download; other processes see the whole file or none."""
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
