"""Studies whose data come with the repository, so that they need not be trained again.

``shipped/manifest.json`` lists them. For each study at a scale it has the checksums of its files,
its runs, and how they were trained. For each scale it has the checksums of the verdicts and of the
numbers of the figures and tables that were made from these data.
"""

import json
from pathlib import Path
from typing import Any

from latephase.catalog.check_schema import check
from latephase.errors import UserError

FOLDER = "shipped"
MANIFEST = f"{FOLDER}/manifest.json"


def nothing() -> dict[str, Any]:
    """The manifest of a repository that ships nothing."""
    return {"studies": {}, "results": {}}


def read(root: Path, schema: dict[str, Any]) -> dict[str, Any]:
    """The checked manifest of a repository; an empty one if nothing is shipped.

    Raises UserError.
    """
    path = root / MANIFEST
    if not path.exists():
        return nothing()
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{MANIFEST}: cannot be read ({error}); allowed: JSON") from None
    check(manifest, schema, MANIFEST)
    return manifest


def file(scale: str, name: str) -> str:
    """The path of a file that is shipped for a scale."""
    return f"{FOLDER}/{scale}/{name}"


def check_is_there(manifest: dict[str, Any], name: str, scale: str) -> None:
    """Raise UserError if a study is not shipped at a scale."""
    there = manifest["studies"].get(scale, {})
    if name not in there:
        allowed = ", ".join(there) or "none at this scale"
        raise UserError(
            f"config: data is shipped, but no data of the study {name} are shipped at scale "
            f"{scale}; allowed: data=trained, or a study that is shipped ({allowed})"
        )


def chosen(manifest: dict[str, Any], scale: str) -> list[str]:
    """The studies that are shipped at a scale. Raises UserError if there are none."""
    there = {one: list(studies) for one, studies in manifest["studies"].items() if studies}
    if scale not in there:
        allowed = " or ".join(["data=trained", *(f"scale={one}" for one in there)])
        raise UserError(
            f"config: data is shipped, but nothing is shipped at scale {scale}; allowed: {allowed}"
        )
    return there[scale]


def study(manifest: dict[str, Any], name: str, scale: str, planned: str) -> dict[str, Any]:
    """The manifest's entry of a study.

    ``planned`` is the digest of the rows of the study's runs in the present catalog. Raises
    UserError if the study is not shipped, or if it was shipped with other runs.
    """
    check_is_there(manifest, name, scale)
    there = manifest["studies"][scale]
    if there[name]["planned"] != planned:
        raise UserError(
            f"{file(scale, name)}.parquet: its runs are not those that the study {name} has in the "
            "catalog now; allowed: data=trained, or the study as it was"
        )
    return there[name]


def checksum(files: dict[str, str], name: str) -> str:
    """The checksum of a study's file. Raises UserError if the study has no such file."""
    if name not in files:
        raise UserError(
            f"config: data is shipped, but {name} is not among the shipped files of its study; "
            f"allowed: data=trained, or what is made from {', '.join(files)}"
        )
    return files[name]


def origin(manifest: dict[str, Any], studies: list[str], scale: str) -> str:
    """The origin of shipped data, in a few words for the note of a figure."""
    there = manifest["studies"].get(scale, {})
    commits = dict.fromkeys(
        there[name]["trained"]["commit"][:7] for name in studies if name in there
    )
    return f"data shipped with the repository (trained at {' and '.join(commits)})"
