"""Studies of checkpoints that other code made: make a whole setting of what the user wrote."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.runs import code_digest, outside


def is_outside(setting: dict[str, Any]) -> bool:
    """Whether a setting's checkpoints are in a folder that other code filled.

    The setting need not have been checked.
    """
    checkpoints = setting.get("checkpoints")
    return isinstance(checkpoints, dict) and "folder" in checkpoints


def setting(written: dict[str, Any], schema: dict[str, Any], file: str, key: str) -> dict[str, Any]:
    """The checked and completed setting of a study of such checkpoints (:func:`whole`).

    ``written`` is at ``key`` in ``file``, and ``schema`` is the schema of a study. Raises
    UserError.
    """
    check(written, {"$defs": schema["$defs"], **schema["$defs"]["outside"]}, file, key)
    return whole(written, lambda name: f"{file}: {key}.{name}")


def whole(written: dict[str, Any], place_of: Callable[[str], str]) -> dict[str, Any]:
    """What the user wrote, with every default and with checksums of the files' contents.

    The checksums are part of the specs of the runs, so other files are other runs. ``place_of``
    returns the place of a value from its dotted name, for messages. Raises UserError if a file is
    missing or two files have the same step.
    """
    seeds = written.get("grid", {"seed": [0]})["seed"]
    folder = written["checkpoints"]["folder"]
    if (outside.SEED in folder) != ("grid" in written):
        raise UserError(
            f"{place_of('checkpoints.folder')} is {folder!r}; allowed: {outside.SEED} in it where "
            "there is grid.seed, and there alone"
        )
    with _naming(place_of("model.file")):
        code = outside.code(written["model"]["file"])
    _check_class(written["model"], place_of("model.class"))
    given = {"pattern": None, "prefix": None} | written["checkpoints"]
    if given["pattern"]:
        with _naming(place_of("checkpoints.pattern")):
            outside.check_pattern(given["pattern"])
    with _naming(place_of("checkpoints")):
        seed_files = {str(seed): _files_of_seed(folder, seed, given["pattern"]) for seed in seeds}
    defaults = {"arguments": {}, "features": None, "head": None, "inputs": None}
    complete = {
        "data": written["data"],
        "model": {"name": outside.NAME} | defaults | written["model"] | {"code": code},
        "loss": written.get("loss", {"name": "cross_entropy"}),
        "optimizer": {"name": outside.NAME},
        "checkpoints": given | {"found": seed_files},
        "grid": {"seed": seeds},
    }
    return complete | ({"metrics": written["metrics"]} if "metrics" in written else {})


def _files_of_seed(folder: str, seed: int, pattern: str | None) -> dict[str, Any]:
    """The folder of a seed, its last step, and a checksum of its files' contents."""
    own = folder.replace(outside.SEED, str(seed))
    files = outside.files(own, pattern)
    return {"folder": own, "steps": files[-1][0], "content": outside.content(files)}


@contextmanager
def _naming(where: str) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except OSError as error:  # the name is too long, or the user may not read the folder
        line = f"{where}: {error.filename}: cannot be read ({error.strerror})"
        raise UserError(f"{line}; allowed: a path that can be") from None


def _check_class(model: dict[str, Any], where: str) -> None:
    """Check that the file defines the class, as far as its source shows."""
    body = code_digest.tree(Path(model["file"]).resolve()).body
    nodes = [inner for node in body for inner in ast.walk(node)]
    bound = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    bound |= {node.id for node in nodes if isinstance(node, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
    if model["class"] not in bound and "*" not in bound:
        classes = [node.name for node in body if isinstance(node, ast.ClassDef)]
        raise UserError(
            f"{where} is {model['class']!r}, which {model['file']} does not define; "
            f"allowed: {', '.join(classes) or 'a class of that file'}"
        )
