"""Data sets of the user's own, as the configuration names them: files and folders of images.

The Snakefile imports this module: it imports neither torch nor NumPy.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latephase.datasets.kinds import folder as images
from latephase.datasets.kinds import npz
from latephase.errors import UserError
from latephase.runs import grid


def entries(
    config: dict[str, Any], known: dict[str, dict], studies: dict[str, dict]
) -> dict[str, dict]:
    """What the entries of the sets that the configuration brings would be in catalog/datasets.yaml.

    A folder that ``known`` describes, such as ImageNet's, is only checked. The images of another
    are counted if a study names it, for there may be many. Raises UserError.
    """
    found = {}
    for name, path in config["npz"].items():
        if name in known:
            raise UserError(f"config: npz.{name} is the name of a shipped data set; choose another")
        with _told_of(f"npz.{name}"):
            found[name] = npz.entry_of(path)
    for name in config["folders"]:
        with _told_of(f"folders.{name}"):
            entry = _of_folder(config, name, known | found, studies)
        if entry:
            found[name] = entry
    return found


@contextmanager
def _told_of(key: str) -> Iterator[None]:
    """What is wrong with a file is told with the key that names it."""
    try:
        yield
    except UserError as error:
        line = str(error)
        where = f"config: {key}"
        raise UserError(line if line.startswith(where) else f"{where}: {line}") from None


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
    """The entry of a folder; None where ``known`` has it, and the folder fits it."""
    given = _given(config, name)
    path, side = given["path"], given.get("side", images.SIDE)
    if name not in known:
        if name in _texts(studies):
            return images.entry_of(path, side)
        classes = len(images.classes_of(path))
        return {"kind": "folder", "variant": "user", "shape": [3, side, side], "classes": classes}
    entry = known[name]
    if entry["kind"] != "folder":
        taken = f"config: folders.{name} is the name of another data set"
        folders = ", ".join(other for other, its in known.items() if its["kind"] == "folder")
        raise UserError(f"{taken}; allowed: {folders}, or a new name")
    if side != entry["shape"][1]:
        raise UserError(
            f"config: folders.{name}.side is {side}; allowed: {entry['shape'][1]}, or a new name"
        )
    if (classes := len(images.classes_of(path))) != entry["classes"]:
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
    """All texts in a value that was read from YAML and is not checked yet."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, Iterable):
        return set()
    return set().union(*map(_texts, value))
