"""Check figures and tables for mistakes that a schema cannot find. Each is reported in one line."""

import ast
import csv
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from latephase.catalog import shipped
from latephase.catalog.check_parts import check_schemas
from latephase.catalog.check_schema import check
from latephase.catalog.columns import Data, formats, reader
from latephase.catalog.entries import Catalog
from latephase.catalog.user_data import check_brought
from latephase.errors import UserError
from latephase.metrics import families
from latephase.runs import declared
from latephase.runs.code_digest import ROOT

FILES = ("beside", "margins", "published")
"""The files from which a figure or a table may be made, in addition to the data of its study."""


def check_shown(catalog: Catalog) -> None:
    """Check every figure and table: its studies, its program and arguments, and its files."""
    data_of = reader(catalog)
    for kind, entries in (("figures", catalog.figures), ("tables", catalog.tables)):
        for name, entry in entries.items():
            _check_entry(catalog, data_of, kind, name, entry)


def check_chosen(catalog: Catalog) -> None:
    """Check that the figures named in the configuration exist and have their data."""
    chosen, scale = catalog.config["figures"], catalog.config["scale"]
    for name in [] if chosen == "all" else chosen:
        if name not in catalog.figures:
            allowed = ", ".join(catalog.figures)
            raise UserError(f"config: figures names {name!r}; allowed: all, {allowed}")
        figure = catalog.figures[name]
        if catalog.from_shipped:
            for study in catalog.studies_of(figure, scale):
                shipped.check_is_there(catalog.shipped, study, scale)
            continue
        for study in [figure["study"], *figure.get("beside", [])]:
            if scale in catalog.studies[study]["scales"]:
                for missing in catalog.lacking(study, scale):
                    check_brought(catalog.config, missing)


def program_of(kind: str, name: str, entry: dict[str, Any]) -> Path:
    """The file of the program that makes a figure or a table."""
    return ROOT / "scripts" / kind / f"{entry.get('script', name)}.py"


def published_of(name: str, entry: dict[str, Any]) -> str:
    """The file of the published values of a figure or a table."""
    return f"catalog/{entry['paper']}/published/{entry.get('published', name)}.csv"


def _check_entry(
    catalog: Catalog,
    data_of: Callable[[str, str], Data],
    kind: str,
    name: str,
    entry: dict[str, Any],
) -> None:
    file = f"catalog/{entry['paper']}/{kind}.yaml"
    _check_studies(catalog, file, kind, name, entry)
    if ("beside" in entry) != ("beside" in entry["files"]):
        raise UserError(f"{file}: {name}.beside and beside among its files must come together")
    program = program_of(kind, name, entry)
    if not program.is_file():
        allowed = ", ".join(declared.modules_in(program.parent))
        script = program.relative_to(ROOT)
        raise UserError(f"{file}: {name} has no script {script}; allowed: {allowed}")
    for scale in catalog.studies[entry["study"]]["scales"]:
        studies = catalog.studies_of(entry, scale)
        data = [data_of(study, scale) for study in studies]
        _check_columns(f"{file}: {name}", scale, studies, data, program)
        _check_arguments(f"{file}: {name}.arguments", entry, scale, data, program)
    _check_files(f"{file}: {name}.files", entry["files"], program)
    if "published" in entry["files"]:
        _check_published(f"{file}: {name}", published_of(name, entry), program)
    if "margins" in entry["files"]:
        for scale, setting in catalog.studies[entry["study"]]["scales"].items():
            if "margins" not in setting:
                where = f"{catalog.file_of(entry['study'])}: scales.{scale}.margins"
                raise UserError(f"{where} is missing; figure {name} draws them")


def _check_studies(
    catalog: Catalog, file: str, kind: str, name: str, entry: dict[str, Any]
) -> None:
    for key, studies in (("study", [entry["study"]]), ("beside", entry.get("beside", []))):
        for study in studies:
            if study not in catalog.studies:
                allowed = ", ".join(sorted(catalog.studies))
                raise UserError(f"{file}: {name}.{key} is {study!r}; allowed: {allowed}")
        for scale in catalog.studies[entry["study"]]["scales"] if kind == "tables" else ():
            for study in studies:
                if scale not in catalog.studies[study]["scales"]:
                    raise UserError(
                        f"{file}: {name}.{key} is {study!r}, which has no scale {scale!r}; "
                        f"allowed: studies with the scales of {entry['study']}"
                    )


def _check_files(where: str, given: list[str], program: Path) -> None:
    """Check that a program gets the files that it needs, and no others."""
    script, taken = declared.told(program), _files_of(program)
    for name in given:
        if name not in taken:
            raise UserError(f"{where} has {name}, which {script} does not read")
    for name, needed in taken.items():
        if needed and name not in given:
            raise UserError(f"{where} lacks {name}, which {script} needs")


@functools.cache
def _files_of(program: Path) -> dict[str, bool]:
    """The files that a program can read, and for each whether the program requires it.

    They are found in the source of the program and of its package.
    """
    sources = (program, program.with_name("__init__.py"))
    nodes = [node for source in sources for node in ast.walk(declared.tree(source))]
    taken = {"data": True}
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        called = ast.unparse(call.func).rpartition(".")[2]
        flag = call.args[0] if call.args else None
        if called == "parse_with_others":
            taken["beside"] = False
        elif called == "add_argument" and isinstance(flag, ast.Constant):
            name = str(flag.value).removeprefix("--")
            if name in FILES:
                taken[name] = any(word.arg == "required" for word in call.keywords)
    return taken


def _check_columns(
    where: str, scale: str, studies: list[str], data: list[Data], program: Path
) -> None:
    """Check that the data have the columns that a program reads whatever its options are."""
    metrics = list(declared.literal(program, "METRICS") or [])
    script = declared.told(program)
    # A name that no family has is a mistake of the program, and is reported here. A metric that
    # the study does not measure is a mistake of the study, and is reported below.
    real = [m for m in metrics if any(families.has_column(f, m) for f in families.DECLARED)]
    for i, metric in enumerate(metrics):
        if metric not in real:
            check(metric, {"format": "measured"}, script, f"METRICS[{i}]", formats(data))
    needed = declared.literal(program, "COLUMNS") or ()
    beside = declared.literal(program, "BESIDE") or needed
    for i, (study, its) in enumerate(zip(studies, data, strict=True)):
        for column in (*(beside if i else needed), *real):
            if not its.has_column(column):
                key = "beside" if i else "study"
                problem = (
                    f"{where}.{key} is {study!r}, whose data have no column {column!r} at scale"
                )
                raise UserError(
                    f"{problem} {scale}; allowed: a study with all columns that {script} reads"
                )


def _check_arguments(
    where: str, entry: dict[str, Any], scale: str, data: list[Data], program: Path
) -> None:
    """Check that the arguments at a scale are those that the program declares."""
    options = _options(program)
    file, _, key = where.partition(": ")
    given, known = entry.get("arguments", {}), formats(data)
    schema = {"type": "object", "properties": options, "additionalProperties": False}
    for part in ("both", scale):
        values = given.get(part, {})
        check(values, schema, file, f"{key}.{part}", known)
        for option, value in values.items():
            _check_values(f"{where}.{part}.{option}", option, value, data[0].values)
    whole = given.get("both", {}) | given.get(scale, {})
    check(whole, {"required": declared.required(options)}, file, f"{key}.{scale}")


@functools.cache
def _options(program: Path) -> dict[str, dict[str, Any]]:
    """The options that a program declares. Raises UserError if the declaration is not valid."""
    options, script = declared.literal(program, "OPTIONS"), declared.told(program)
    if options is None:
        raise UserError(f"{script}: OPTIONS is missing; allowed: a literal, {{}} if it takes none")
    if not (isinstance(options, dict) and all(isinstance(rule, dict) for rule in options.values())):
        line = f"{script}: OPTIONS is {options!r}"
        raise UserError(f"{line}; allowed: a JSON schema for each name, {{}} without any")
    check_schemas(script, "OPTIONS", options)
    return options


def _check_values(where: str, option: str, value: Any, columns: dict[str, list]) -> None:
    """Check the values of arguments that are named like a column of runs, or whose keys are.

    A value must occur in that column.
    """
    named = value if isinstance(value, dict) else {option: value}
    for name, values in named.items():
        for path, allowed in columns.items():
            if name not in (path, path.rpartition(".")[2]):
                continue
            for one in values if isinstance(values, list) else [values]:
                if one is not None and one not in allowed:
                    known = ", ".join(map(str, allowed))
                    place = where if name == option else f"{where}.{name}"
                    raise UserError(f"{place} is {one!r}; allowed: {known}")


def _check_published(where: str, published: str, program: Path) -> None:
    """Check that the published values have the columns that the program needs, and no unknown ones.

    The program declares in PUBLISHED which columns it needs, and in ALSO_PUBLISHED which others may
    be there.
    """
    try:
        with (ROOT / published).open(newline="", encoding="utf-8") as file:
            columns, *_ = [*csv.reader(file)] or [[]]
    except FileNotFoundError:
        raise UserError(f"{where}.files: there is no {published}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{published}: cannot be read ({error}); allowed: CSV in UTF-8") from None
    script, needed = declared.told(program), declared.literal(program, "PUBLISHED")
    if needed is None:
        raise UserError(f"{where}.files has published, which {script} does not read")
    for column in needed:
        if column not in columns:
            raise UserError(
                f"{published}: column {column} is missing, which {script} asks "
                f"for; it has {', '.join(columns)}"
            )
    known = [*needed, *(declared.literal(program, "ALSO_PUBLISHED") or [])]
    for column in columns:
        if column not in known:
            allowed = f"those that {script} knows, {', '.join(known)}"
            raise UserError(f"{published}: column {column} is not known; allowed: {allowed}")
