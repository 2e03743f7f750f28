"""Data sets of the user's own, as the configuration names them: files and folders of images.

Imported by the Snakefile: no torch, no NumPy.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from latephase import grid
from latephase.errors import UserError


def entries(
    config: dict[str, Any], known: dict[str, dict], studies: dict[str, dict]
) -> dict[str, dict]:
    """Entries, as of catalog/datasets.yaml, of the sets that the configuration brings.

    A folder that ``known`` describes, such as ImageNet's, is but checked. The images of another are
    counted, if a study names it: there may be many. Raises UserError.
    """
    found = {}
    for name, path in config["npz"].items():
        if name in known:
            raise UserError(f"config: npz.{name} is the name of a shipped data set; choose another")
        from latephase.datasets.npz_header import npz_sizes

        found[name] = npz_sizes(path)
    for name in config["folders"]:
        if entry := _of_folder(config, name, known | found, studies):
            found[name] = entry
    return found


def folder(config: dict[str, Any], name: str) -> Path:
    """Where the images of a data set lie. Raises UserError where the user has not said so."""
    if name not in config["folders"]:
        raise UserError(
            f"config: folders.{name} is missing: the images of {name} cannot be downloaded; "
            f"allowed: a folder with train/<class>/ and val/<class>/, folders: {{{name}: /path}}"
        )
    return Path(_given(config, name)["path"])


def lacking(
    config: dict[str, Any], datasets: dict[str, dict], setting: dict[str, Any]
) -> list[str]:
    """The data sets of a setting whose folder the user has not named."""
    return sorted(
        name
        for name in {*_names(setting)}
        if datasets[name]["kind"] == "folder" and name not in config["folders"]
    )


def _given(config: dict[str, Any], name: str) -> dict[str, Any]:
    value = config["folders"][name]
    return {"path": value} if isinstance(value, str) else value


def _of_folder(
    config: dict[str, Any], name: str, known: dict[str, dict], studies: dict[str, dict]
) -> dict[str, Any] | None:
    """The entry of a folder that has none yet."""
    from latephase.datasets.folder_header import SIDE, folder_classes, folder_sizes

    given = _given(config, name)
    path, side = given["path"], given.get("side", SIDE)
    if name not in known:
        counted = name in _texts(studies)
        classes = len(folder_classes(path))
        entry = {"kind": "folder", "variant": "user", "shape": [3, side, side], "classes": classes}
        return folder_sizes(path, side) if counted else entry
    entry = known[name]
    if entry["kind"] != "folder":
        taken = f"config: folders.{name} is the name of another data set"
        folders = ", ".join(other for other, its in known.items() if its["kind"] == "folder")
        raise UserError(f"{taken}; allowed: {folders}, or a new name")
    if side != entry["shape"][1]:
        raise UserError(
            f"config: folders.{name}.side is {side}; allowed: {entry['shape'][1]}, or a new name"
        )
    if (classes := len(folder_classes(path))) != entry["classes"]:
        raise UserError(
            f"config: folders.{name} is {path}, which has {classes} classes; "
            f"allowed: {entry['classes']} ({name}), or a new name"
        )
    return None


def _names(setting: dict[str, Any]) -> Iterator[str]:
    """The data sets that the runs of a checked setting are trained on."""
    for member in grid.members(setting):
        yield from member["grid"].get("data.name", [member["data"].get("name")])


def _texts(value: Any) -> set[str]:
    """All texts in what was read from YAML, which is not checked yet."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, Iterable):
        return set()
    return set().union(*map(_texts, value))
