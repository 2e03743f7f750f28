"""Which files of the project a program consists of, and a digest of what they compute.

The digest is among the ``params`` of the rule that runs the program. So an edit of code that
computes something runs again exactly the stages that import it. An edit of prose runs nothing
again, because the digest is that of the syntax tree without docstrings, log lines and the texts of
errors. The modules of :data:`SILENT` are left out too, because they contribute nothing to a result.
The same program has the same digest under every Python from 3.11 on and in every locale.

Imports are read, not executed, so planning does not need the libraries of any stage.
"""

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from latephase.errors import UserError

ROOT = Path(__file__).parents[2]
"""The repository."""
SILENT = (
    "latephase.catalog.check_schema",
    "latephase.errors",
    "latephase.progress",
    "latephase.runs.code_digest",
    "latephase.runs.own_code",
    "latephase.storage.atomic",
    "latephase.storage.lock",
)
"""Modules that contribute to no number: they inform the user, wait, or rename a file.

tests/runs/test_silent.py checks this: none of their functions returns a number or a tensor, and
they import nothing that computes.
"""
PLANNING = ("latephase.runs.declared", "latephase.runs.grid")
"""Modules that read a study's grids.

If a program gets the digest of their answer at planning time
(:func:`latephase.runs.grid.planned_table`), its own digest need not include these modules.
"""
BUILT_IN = ("__import__", "exec", "eval")
UNSEEN = ("import_module", "run_module", "run_path", "spec_from_file_location", "SourceFileLoader")
"""Functions that run code which no import statement names.

The built-in ones are listed apart, because methods may have their names, as in ``model.eval()``.
"""
LOGGERS = ("log", "logging", "logger")
DEEDS = (ast.Call, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields in which a statement contains other statements."""
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")


def imported_by(file: Path, root: Path) -> frozenset[Path]:
    """The project's files that one file imports, at its top or within a function.

    An import runs the ``__init__`` of every package on the way, so these files are included.
    """
    return frozenset(
        path for name in _imports(file, _read(file), root) for path in _files(name, root)
    )


@functools.cache
def _imports(file: Path, source: bytes, root: Path) -> frozenset[str]:
    """The dotted names that a source's import statements could mean."""
    here = file.relative_to(root).with_suffix("").parts
    names = set()
    for node in _statements(_parsed(file, source).body):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: -node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def _statements(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """Statements and the statements within them. Expressions contain none, so they are skipped."""
    for node in nodes:
        yield node
        for part in BLOCKS:
            yield from _statements(getattr(node, part, ()))


@functools.cache
def _files(name: str, root: Path) -> frozenset[Path]:
    """The project's files that run when a dotted name is imported, without what they import."""
    pieces = name.split(".")
    bases = [root.joinpath(*pieces[: depth + 1]) for depth in range(len(pieces))]
    files = {path for base in bases for path in (base.with_suffix(".py"), base / "__init__.py")}
    return frozenset(path for path in files if path.is_file())


@functools.cache
def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(
            f"{told(file)}: cannot be read ({error.strerror}); allowed: Python"
        ) from None


def tree(file: Path) -> ast.Module:
    """A file's source as Python reads it. Raises UserError if it cannot be read."""
    return _parsed(file, _read(file))


@functools.cache
def _parsed(file: Path, source: bytes) -> ast.Module:
    try:
        return ast.parse(source.decode())
    except SyntaxError as error:
        where, problem = f" at line {error.lineno}" if error.lineno else "", error.msg
    except UnicodeDecodeError as error:
        where, problem = f" at byte {error.start}", "not UTF-8"
    except (ValueError, RecursionError, MemoryError) as error:
        where, problem = "", str(error) or "nested too deeply"
    raise UserError(f"{told(file)}: cannot be read{where} ({problem}); allowed: Python")


def told(file: Path) -> str:
    """The name of a file in messages: its path in the repository, or its whole path."""
    return (file.relative_to(ROOT) if file.is_relative_to(ROOT) else file).as_posix()


@functools.cache
def _content(file: Path, source: bytes) -> str:
    """The sha256 of what a file computes, without its prose and without its layout."""
    return hashlib.sha256(essence(_parsed(file, source)).encode()).hexdigest()


def essence(tree: ast.AST) -> str:
    """A text of a syntax tree without the program's prose, which is the same under every Python.

    Empty fields are left out, because newer versions of Python have more of them.
    """
    return _text(tree)


def _text(value: object) -> str:
    if isinstance(value, list):
        return f"[{','.join(_text(part) for node in value for part in _without_prose(node))}]"
    if isinstance(value, ast.Constant):
        return f"Constant({value.value!a})"
    if isinstance(value, ast.JoinedStr):
        # Some Pythons leave empty strings between the parts of an f-string.
        parts = [node for node in value.values if not (_is_string(node) and not node.value)]
        return f"JoinedStr([{','.join(map(_text, parts))}])"
    if isinstance(value, ast.Call) and _name(value.func) == "add_argument":
        words = [word for word in value.keywords if word.arg != "help"]
        return f"Call({_text(value.func)},{_text(value.args)},{_text(words)})"
    if not isinstance(value, ast.AST):
        return ascii(value)
    fields = ((name, part) for name, part in ast.iter_fields(value) if name != "ctx")
    told = [f"{name}={_text(part)}" for name, part in fields if part not in (None, [])]
    return f"{type(value).__name__}({','.join(told)})"


def _without_prose(node: object) -> Iterator[object]:
    """The rest of an item of a list (a statement, an argument or a parameter) without its prose."""
    if isinstance(node, ast.Expr) and _is_string(node.value):
        return  # a docstring
    if isinstance(node, ast.Expr) and _is_log_line(node.value):
        yield from _deeds([*node.value.args, *(word.value for word in node.value.keywords)])
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        told = [*node.exc.args, *(word.value for word in node.exc.keywords)]
        texts = [value for value in told if _is_text(value)]
        yield ast.Raise(
            ast.Call(node.exc.func, [value for value in told if value not in texts], []), node.cause
        )
        yield from _deeds(texts)
    elif isinstance(node, ast.Assert):
        yield ast.Assert(node.test)
    else:
        yield node


def _name(function: ast.AST) -> str | None:
    """The name by which a function is called."""
    return getattr(function, "attr", getattr(function, "id", None))


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_log_line(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in LOGGERS
    )


def _is_text(node: ast.AST) -> bool:
    """Whether an argument is text: a string, an f-string, or a choice or a sum of these."""
    match node:
        case ast.JoinedStr():
            return True
        case ast.IfExp():
            return _is_text(node.body) and _is_text(node.orelse)
        case ast.BinOp():
            return _is_text(node.left) or _is_text(node.right)
    return _is_string(node)


def _deeds(values: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The parts of omitted texts that do something, and so may do more than inform."""
    for value in values:
        yield from (node for node in ast.walk(value) if isinstance(node, DEEDS))


def digest(files: Iterable[str], root: Path) -> str:
    """12 hex digits that identify the names of files and what the files compute."""
    listed = "".join(
        f"{name} {_content(root / name, _read(root / name))}\n" for name in sorted(files)
    )
    return hashlib.sha256(listed.encode()).hexdigest()[:12]


def sources(module: str, root: Path) -> list[str]:
    """The module's file and all files of the project that it imports, directly or indirectly.

    Paths are relative to the root and sorted.
    """
    return sorted(str(file.relative_to(root)) for file in _closure(module, root))


@functools.cache
def _closure(module: str, root: Path) -> frozenset[Path]:
    found = set(_files(module, root))
    queue = list(found)
    while queue:
        for file in imported_by(queue.pop(), root) - found:
            found.add(file)
            queue.append(file)
    return frozenset(found)


def unfollowed(module: str, root: Path) -> str:
    """Where a module or its helper outside the package runs code that no import names.

    Such code would be in no digest. "" if there is none.
    """
    own = {*_own_file(module, root)}
    for file in sorted(_closure(module, root)):
        place = file.relative_to(root)
        if file not in own and place.parts[0] in ("latephase", "scripts", "rules"):
            continue
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.Call):
                continue
            plain = isinstance(node.func, ast.Name)
            if _name(node.func) in (*UNSEEN, *(BUILT_IN if plain else ())):
                return f"{place.as_posix()}: line {node.lineno} calls {_name(node.func)}"
    return ""


def program(modules: Iterable[str], root: Path, answered: Iterable[str] = ()) -> str:
    """12 hex digits that identify what programs and parts of these names compute.

    ``answered`` names modules that are left out, because their answer is among the program's
    params.
    """
    named = {file for name in modules for file in sources(name, root)}
    apart = {
        str(file.relative_to(root))
        for name in (*SILENT, *answered)
        for file in _own_file(name, root)
    }
    return digest(named - apart, root)


def _own_file(name: str, root: Path) -> list[Path]:
    path = root.joinpath(*name.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


def forget() -> None:
    """Read files again at the next request, because they may have been edited.

    Results for a file's content stay stored, because their key is the content.
    """
    for cached in (_read, _files, _closure):
        cached.cache_clear()


def hold(expected: str | None, modules: Iterable[str], root: Path) -> None:
    """Raise a UserError if the code no longer has the digest that it had when a job was planned.

    Otherwise a cache would store a result of the new code under the key of the old code.
    """
    forget()
    if expected not in (None, program(modules, root)):
        raise UserError(
            "the code was edited after this job was planned, so its result is not kept; "
            "run again, or undo the edit and run again"
        )
