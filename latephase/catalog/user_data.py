"""The user's own data sets that the configuration names: files, folders of images, and texts.

The Snakefile imports this module, so it imports neither torch nor NumPy.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latephase.catalog import weights
from latephase.datasets.kinds import folder as images
from latephase.datasets.kinds import npz, text
from latephase.errors import UserError
from latephase.runs import grid


def entries(
    config: dict[str, Any], known: dict[str, dict], studies: dict[str, dict]
) -> dict[str, dict]:
    """The configuration's data sets, as entries like those in catalog/datasets.yaml.

    Folders and texts that ``known`` describes, such as the folder of ImageNet, are only checked.
    Images and texts of other sets are counted only if a study names them, because there may be
    many. Raises UserError.
    """
    described = {}
    for name, path in config["npz"].items():
        if name in known:
            raise UserError(f"config: npz.{name} is the name of a shipped data set; choose another")
        with _naming(f"npz.{name}"):
            described[name] = npz.entry_of(path)
    for name in config["folders"]:
        with _naming(f"folders.{name}"):
            entry = _of_folder(config, name, known | described, studies)
        if entry:
            described[name] = entry
    for name in config["texts"]:
        with _naming(f"texts.{name}"):
            entry = _of_texts(config, name, known | described, studies)
        if entry:
            described[name] = entry
    return described


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """Add the key of the configuration to an error about the file that it names."""
    try:
        yield
    except UserError as error:
        line = str(error)
        where = f"config: {key}"
        raise UserError(line if line.startswith(where) else f"{where}: {line}") from None
    except OSError as error:  # the name is too long, or the user may not read the folder
        line = f"config: {key}: {error.filename}: cannot be read ({error.strerror})"
        raise UserError(f"{line}; allowed: a path that can be") from None


def folder(config: dict[str, Any], name: str) -> Path:
    """The folder of the images of a data set. Raises UserError if the configuration lacks it."""
    if name not in config["folders"]:
        raise UserError(
            f"config: folders.{name} is missing: the images of {name} cannot be downloaded; "
            f"allowed: a folder with train/<class>/ and val/<class>/, folders: {{{name}: /path}}"
        )
    return Path(_given(config, name)["path"])


def texts(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The configuration of a set of texts. Raises UserError if the configuration lacks it."""
    if name not in config["texts"]:
        raise UserError(
            f"config: texts.{name} is missing: you must bring the texts of {name}; "
            f"allowed: its files, texts: {{{name}: {{train: …, test: …, vocabulary: …}}}}"
        )
    return config["texts"][name]


BROUGHT = {"folder": "folders", "text": "texts"}
"""The kinds of data that a user brings, and the keys of the configuration that name them."""


def check_brought(config: dict[str, Any], key: str) -> None:
    """Raise a UserError if the configuration lacks a key such as texts.sst2."""
    of, name = key.split(".")
    {"folders": folder, "texts": texts, "weights": weights.folder}[of](config, name)


def lacking(
    config: dict[str, Any], datasets: dict[str, dict], setting: dict[str, Any]
) -> list[str]:
    """The keys that a setting needs and the configuration lacks, such as texts.sst2."""
    kinds = {name: datasets[name]["kind"] for name in _names(setting)}
    data = [
        f"{BROUGHT[kind]}.{name}"
        for name, kind in kinds.items()
        if kind in BROUGHT and name not in config[BROUGHT[kind]]
    ]
    return sorted(data) + [f"weights.{name}" for name in weights.unnamed(setting)]


def _given(config: dict[str, Any], name: str) -> dict[str, Any]:
    value = config["folders"][name]
    return {"path": value} if isinstance(value, str) else value


def _of_folder(
    config: dict[str, Any], name: str, known: dict[str, dict], studies: dict[str, dict]
) -> dict[str, Any] | None:
    """The entry of a folder; None if ``known`` has an entry that fits the folder."""
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


OF_FILES = ("train", "test", "vocabulary")


def _of_texts(
    config: dict[str, Any], name: str, known: dict[str, dict], studies: dict[str, dict]
) -> dict[str, Any] | None:
    """The entry of a set of texts; None if ``known`` has an entry that fits the files."""
    given, where = config["texts"][name], f"config: texts.{name}"
    if name not in known:
        if "labels" not in given:
            raise UserError(
                f"{where}.labels is missing; allowed: the number of classes, or their names"
            )
        return text.entry_of(given) if name in _texts(studies) else text.bare_entry_of(given)
    if known[name]["kind"] != "text":
        sets = ", ".join(other for other, its in known.items() if its["kind"] == "text")
        taken = f"{where} is the name of another data set"
        raise UserError(f"{taken}; allowed: {sets}, or a new name")
    for key in given:
        if key not in OF_FILES:
            raise UserError(
                f"{where}.{key} is {given[key]!r}; allowed: nothing, because catalog/datasets.yaml "
                f"gives it for {name}; or a new name"
            )
    text.check_files(given, known[name])
    return None


def _names(setting: dict[str, Any]) -> Iterator[str]:
    """The data sets on which the runs of a checked setting are trained."""
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
