"""Write the files of a release for Zenodo: an archive, its metadata, and checksums.

    python -m scripts.tools.release v0.1.0 --output dist

The archive holds exactly what git has at the tag, and so also the shipped data. The same tag gives
the same bytes. Beside the archive, the folder gets ``CITATION.cff``, ``zenodo.json`` (the
repository's ``.zenodo.json``) and ``SHA256SUMS``, which ``sha256sum --check SHA256SUMS`` reads.
"""

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

from latephase.errors import UserError, reporting
from latephase.storage import atomic

ROOT = Path(__file__).parents[2]
TAG = re.compile(r"v(\d+\.\d+\.\d+)")
CITATION, ZENODO, CHANGES = "CITATION.cff", ".zenodo.json", "CHANGELOG.md"
CHECKSUMS = "SHA256SUMS"


def git(root: Path, *args: str) -> bytes:
    """What git prints. If git fails, raises UserError with the last line of its message."""
    done = subprocess.run(["git", "-C", str(root), *args], capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise UserError(f"git {args[0]}: {said[-1]}")
    return done.stdout


def version_of(tag: str) -> str:
    """The version that a tag names. Raises UserError if it names none."""
    found = TAG.fullmatch(tag)
    if not found:
        raise UserError(f"tag is {tag!r}; allowed: v and three numbers, as in v0.1.0")
    return found[1]


def check(root: Path, tag: str) -> None:
    """Raise a UserError if a tag cannot be released.

    Nothing may be uncommitted, the tag must exist, and at the tag every file must name its version.
    """
    version = version_of(tag)
    if changed := git(root, "status", "--porcelain").decode().splitlines():
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UserError(
            f"{changed[0][3:]}{more}: not committed; allowed: a clone without changes of its own"
        )
    if tag not in git(root, "tag", "--list").decode().split():
        raise UserError(f"tag {tag} does not exist; allowed: a tag of git, made by git tag {tag}")
    changes = content(root, tag, CHANGES)
    if not re.search(rf"^## {re.escape(version)}( |$)", changes, re.MULTILINE):
        raise UserError(f"{CHANGES}: no entry for {version} at {tag}; allowed: a line ## {version}")
    told = {
        "pyproject.toml": tomllib.loads(content(root, tag, "pyproject.toml"))["project"]["version"],
        CITATION: yaml.safe_load(content(root, tag, CITATION))["version"],
        ZENODO: json.loads(content(root, tag, ZENODO))["version"],
    }
    for file, found in told.items():
        if found != version:
            raise UserError(f"{file}: version is {found!r} at {tag}; allowed: {version}")


def content(root: Path, tag: str, file: str) -> str:
    """The content of a file at a tag."""
    return git(root, "show", f"{tag}:{file}").decode()


def build(root: Path, tag: str, folder: Path) -> list[Path]:
    """Write the files of a release into a folder, and return them."""
    name = f"latephase-{version_of(tag)}"
    archive = git(root, "archive", "--format=tar", f"--prefix={name}/", f"{tag}^{{commit}}")
    files = {
        f"{name}.tar.gz": gzip.compress(archive, mtime=0),
        CITATION: content(root, tag, CITATION).encode(),
        ZENODO.removeprefix("."): content(root, tag, ZENODO).encode(),
    }
    lines = [f"{hashlib.sha256(data).hexdigest()}  {file}\n" for file, data in files.items()]
    files[CHECKSUMS] = "".join(lines).encode()
    for file, data in files.items():
        with atomic.replacing(folder / file) as part:
            part.write_bytes(data)
    return [folder / file for file in files]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tag", help="the release's tag, as v0.1.0")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    args = parser.parse_args(argv)
    with reporting():
        check(args.root, args.tag)
        for path in build(args.root, args.tag, args.output):
            print(path)


if __name__ == "__main__":
    main()
