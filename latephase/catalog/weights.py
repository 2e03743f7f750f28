"""The user's own weights from which models start: folders, identified by their files' contents.

The Snakefile imports this module, so it imports neither torch nor NumPy.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from latephase.errors import UserError
from latephase.runs import declared, grid
from latephase.runs.spec import Spec
from latephase.runs.weights import KNOWN

FILES = ("config.json", "model.safetensors")
"""The files of a folder of weights, as the libraries save them: the configuration of the network,
and its tensors."""
ALLOWED = f"a folder with {' and '.join(FILES)} (docs/pretrained.md)"
AXIS = "model.weights"


def folder(config: dict[str, Any], name: str) -> Path:
    """The folder of weights. Raises UserError if the configuration lacks it or it lacks a file."""
    if name not in config["weights"]:
        raise UserError(
            f"config: weights.{name} is missing: you must bring these weights; "
            f"allowed: {ALLOWED}, weights: {{{name}: /path}}"
        )
    path = Path(config["weights"][name])
    for file in FILES:
        # Unlike Path.is_file, this returns False for a path that is not possible.
        if not os.path.isfile(path / file):  # noqa: PTH113
            line = f"config: weights.{name} is {path}, which has no file {file}"
            raise UserError(f"{line}; allowed: {ALLOWED}")
    return path


def resolve(config: dict[str, Any], studies: dict[str, dict]) -> dict[str, str]:
    """Replace the names of weights in all settings by the checksums of the weights.

    A checksum is ``sha256:`` and its digits. Names that the configuration lacks stay;
    :func:`unnamed` lists them. Returns the names of the weights that are used, by their checksums.
    Raises UserError as :func:`folder` does.
    """
    held: dict[str, str] = {}
    for name in config["weights"]:
        folder(config, name)

    def content(name: str | None) -> str | None:
        if name not in config["weights"]:
            return name
        if name not in held.values():
            held[_content(config, name)] = name
        return next(checksum for checksum, other in held.items() if other == name)

    for study in studies.values():
        for scale, setting in study["scales"].items():
            study["scales"][scale] = _replaced(setting, content)
    return held


def _content(config: dict[str, Any], name: str) -> str:
    path = folder(config, name) / FILES[1]
    try:
        with path.open("rb") as file:
            return KNOWN + hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        line = f"config: weights.{name}: {path} cannot be read ({error.strerror})"
        raise UserError(f"{line}; allowed: {ALLOWED}") from None


def _replaced(setting: dict[str, Any], content: Callable) -> dict[str, Any]:
    """A setting, or an entry of its grids, with each name of weights replaced."""
    new = dict(setting)
    if "weights" in setting.get("model", {}):
        new["model"] = setting["model"] | {"weights": content(setting["model"]["weights"])}
    if AXIS in setting.get("grid", {}):
        new["grid"] = setting["grid"] | {AXIS: [content(n) for n in setting["grid"][AXIS]]}
    if "grids" in setting:
        new["grids"] = [_replaced(entry, content) for entry in setting["grids"]]
    return new


def unnamed(setting: dict[str, Any]) -> list[str]:
    """The weights of a setting that the configuration does not name."""
    return sorted({name for name in _named(setting) if not name.startswith(KNOWN)})


def _named(setting: dict[str, Any]) -> Iterator[str]:
    for member in grid.members(setting):
        given = member["grid"].get(AXIS, [member["model"].get("weights")])
        yield from (name for name in given if name is not None)


def check_fits(
    config: dict[str, Any],
    held: dict[str, str],
    datasets: dict[str, dict],
    setting: dict[str, Any],
    file: str,
) -> None:
    """Raise a UserError if the weights of a setting belong to another network than its runs'.

    Only their config.json is read here. Other differences are found when the tensors are read.
    """
    if not any(name in held for name in _named(setting)):
        return
    for run in grid.specs(setting):
        if run["model"].get("weights") in held:
            _check_run(config, held[run["model"]["weights"]], datasets, run, file)


def _check_run(
    config: dict[str, Any], name: str, datasets: dict[str, dict], run: Spec, file: str
) -> None:
    path = folder(config, name) / FILES[0]
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"config: weights.{name}: {path} is not JSON ({error})") from None
    known, model = content if isinstance(content, dict) else {}, run["model"]
    where = f"config: weights.{name}: {path}"
    wanted = {
        key: (model[parameter], f"model.{parameter} of {file}")
        for key, parameter in declared.config_keys(model["name"]).items()
        if parameter in model
    }
    if vocabulary := datasets[run["data"]["name"]].get("vocabulary"):
        wanted["vocab_size"] = (vocabulary, f"the vocabulary of {run['data']['name']}")
    fixed = declared.config_fixed(model["name"]).items()
    wanted |= {key: (value, f"that of the model {model['name']}") for key, value in fixed}
    for key, (value, whose) in wanted.items():
        if known.get(key) != value:
            raise UserError(f"{where}: {key} is {known.get(key)!r}; allowed: {value!r}, {whose}")
    for key, values in declared.config_usual(model["name"]).items():
        # Compared as JSON, in which 0 is not false.
        if key in known and json.dumps(known[key]) not in map(json.dumps, values):
            raise _unknown(where, key, known[key], values, model["name"])
    for key, values in declared.config_named(model["name"]).items():
        if not (isinstance(found := known.get(key), str) and found in values):
            raise _unknown(where, key, found, values, model["name"])
        for parameter, value in values[found].items():
            if model[parameter] != value:
                line = f"{file}: model.{parameter} is {model[parameter]!r}, and {where}"
                raise UserError(f"{line}: {key} is {found!r}; allowed: {value!r}, as it has")


def _unknown(where: str, key: str, found: Any, values: Iterable, model: str) -> UserError:
    allowed = ", ".join(map(repr, values))
    return UserError(f"{where}: {key} is {found!r}; allowed: {allowed}, as {model} computes")
