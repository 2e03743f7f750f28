"""Studies of checkpoints that other code made: what a user writes, as a setting like any other."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latephase.catalog.check_schema import check
from latephase.errors import UserError
from latephase.runs import code_digest, outside


def is_outside(setting: dict[str, Any]) -> bool:
    """Whether a setting's checkpoints, checked or not, are in a folder that other code filled."""
    checkpoints = setting.get("checkpoints")
    return isinstance(checkpoints, dict) and "folder" in checkpoints


def setting(written: dict[str, Any], schema: dict[str, Any], file: str, key: str) -> dict[str, Any]:
    """The setting of a study of such checkpoints, as :func:`whole`.

    ``written`` stands in ``file`` under ``key``; ``schema`` is that of a study. Raises UserError.
    """
    check(written, {"$defs": schema["$defs"], **schema["$defs"]["outside"]}, file, key)
    return whole(written, lambda name: f"{file}: {key}.{name}")


def whole(written: dict[str, Any], told: Callable[[str], str]) -> dict[str, Any]:
    """What was written, with every default and with digests of what the files hold.

    The digests are in the specs of the runs: other files are other runs. ``told`` says where a
    value stands, by its dotted name. Raises UserError where a file is missing or two are of a step.
    """
    seeds = written.get("grid", {"seed": [0]})["seed"]
    folder = written["checkpoints"]["folder"]
    if (outside.SEED in folder) != ("grid" in written):
        raise UserError(
            f"{told('checkpoints.folder')} is {folder!r}; allowed: {outside.SEED} in it where "
            "there is grid.seed, and there alone"
        )
    with _told_of(told("model.file")):
        code = outside.code(written["model"]["file"])
    _check_class(written["model"], told("model.class"))
    given = {"pattern": None, "prefix": None} | written["checkpoints"]
    if given["pattern"]:
        with _told_of(told("checkpoints.pattern")):
            outside.check_pattern(given["pattern"])
    with _told_of(told("checkpoints")):
        found = {str(seed): _found(folder, seed, given["pattern"]) for seed in seeds}
    defaults = {"arguments": {}, "features": None, "head": None, "inputs": None}
    found_out = {
        "data": written["data"],
        "model": {"name": outside.NAME} | defaults | written["model"] | {"code": code},
        "loss": written.get("loss", {"name": "cross_entropy"}),
        "optimizer": {"name": outside.NAME},
        "checkpoints": given | {"found": found},
        "grid": {"seed": seeds},
    }
    return found_out | ({"metrics": written["metrics"]} if "metrics" in written else {})


def _found(folder: str, seed: int, pattern: str | None) -> dict[str, Any]:
    """The folder of a seed, its last step, and what tells apart what its files hold."""
    own = folder.replace(outside.SEED, str(seed))
    files = outside.files(own, pattern)
    return {"folder": own, "steps": files[-1][0], "content": outside.content(files)}


@contextmanager
def _told_of(where: str) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    except OSError as error:  # a name that is too long, a folder that is not hers to read
        line = f"{where}: {error.filename}: cannot be read ({error.strerror})"
        raise UserError(f"{line}; allowed: a path that can be") from None


def _check_class(model: dict[str, Any], where: str) -> None:
    """The file binds the name at its top, as far as can be seen without running it."""
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
