"""What a user can get wrong in figures and tables, beyond what a schema sees: one line each."""

import csv
from pathlib import Path
from typing import Any

from latephase.catalog.check_schema import Format, check
from latephase.catalog.columns import formats
from latephase.catalog.entries import Catalog
from latephase.catalog.user_data import folder
from latephase.errors import UserError
from latephase.runs import declared, grid
from latephase.runs.code_digest import ROOT


def check_shown(catalog: Catalog) -> None:
    """Every figure and table: its studies, its program and arguments, and what it is given."""
    for kind, entries in (("figures", catalog.figures), ("tables", catalog.tables)):
        for name, entry in entries.items():
            _check_entry(catalog, kind, name, entry)


def check_chosen(catalog: Catalog) -> None:
    """The figures that the configuration names exist, and their data can be had."""
    chosen, scale = catalog.config["figures"], catalog.config["scale"]
    for name in [] if chosen == "all" else chosen:
        if name not in catalog.figures:
            allowed = ", ".join(catalog.figures)
            raise UserError(f"config: figures names {name!r}; allowed: all, {allowed}")
        figure = catalog.figures[name]
        for study in [figure["study"], *figure.get("beside", [])]:
            if scale in catalog.studies[study]["scales"]:
                for missing in catalog.lacking(study, scale):
                    folder(catalog.config, missing)


def program_of(kind: str, name: str, entry: dict[str, Any]) -> Path:
    """The file of the program that makes a figure or a table."""
    return ROOT / "scripts" / kind / f"{entry.get('script', name)}.py"


def published_of(name: str, entry: dict[str, Any]) -> str:
    """The file of the published values that a figure or a table is given."""
    return f"catalog/{entry['paper']}/published/{entry.get('published', name)}.csv"


def _check_entry(catalog: Catalog, kind: str, name: str, entry: dict[str, Any]) -> None:
    file = f"catalog/{entry['paper']}/{kind}.yaml"
    _check_studies(catalog, file, kind, name, entry)
    if ("beside" in entry) != ("beside" in entry["tables"]):
        raise UserError(f"{file}: {name}.beside and beside among its tables go together")
    program = program_of(kind, name, entry)
    if not program.is_file():
        allowed = ", ".join(declared.modules_in(program.parent))
        script = program.relative_to(ROOT)
        raise UserError(f"{file}: {name} has no script {script}; allowed: {allowed}")
    _check_arguments(catalog, f"{file}: {name}.arguments", entry, program)
    if "published" in entry["tables"]:
        _check_published(f"{file}: {name}", published_of(name, entry), program)
    if "margins" in entry["tables"]:
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


def _check_arguments(catalog: Catalog, where: str, entry: dict[str, Any], program: Path) -> None:
    """The arguments are those that the program declares, at each scale that the study has."""
    options = declared.literal(program, "OPTIONS")
    if options is None:
        script = program.relative_to(ROOT)
        raise UserError(f"{script}: OPTIONS is missing; allowed: a literal, {{}} if it takes none")
    file, _, key = where.partition(": ")
    given = entry.get("arguments", {})
    for scale in catalog.studies[entry["study"]]["scales"]:
        known = formats(catalog, catalog.studies_of(entry, scale), scale)
        _check_metrics(program, known)
        axes = grid.axes(catalog.setting(entry["study"], scale))
        for part in ("both", scale):
            values = given.get(part, {})
            schema = {
                "type": "object",
                "properties": options,
                "additionalProperties": False,
            }
            check(values, schema, file, f"{key}.{part}", known)
            for option, value in values.items():
                _check_axis_values(f"{where}.{part}.{option}", option, value, axes)
        whole = given.get("both", {}) | given.get(scale, {})
        check(whole, {"required": declared.required(options)}, file, f"{key}.{scale}")


def _check_metrics(program: Path, known: dict[str, Format]) -> None:
    """The metrics that a program shows, whatever its options, are of the data that it is given."""
    metrics = list(declared.literal(program, "METRICS") or [])
    script = str(program.relative_to(ROOT))
    check(metrics, {"items": {"format": "metric"}}, script, "METRICS", known)


def _check_axis_values(where: str, option: str, value: Any, axes: dict[str, list]) -> None:
    """An argument that is named like an axis, or whose keys are axes, has values on them."""
    asked = value if isinstance(value, dict) else {option: value}
    for name, values in asked.items():
        for path, allowed in axes.items():
            if name not in (path, path.rpartition(".")[2]):
                continue
            for one in values if isinstance(values, list) else [values]:
                if one not in allowed:
                    told = ", ".join(map(str, allowed))
                    place = where if name == option else f"{where}.{name}"
                    raise UserError(f"{place} is {one!r}; allowed: {told}")


def _check_published(where: str, published: str, program: Path) -> None:
    """The file of published values is there and has the columns that the program asks for."""
    if not (ROOT / published).is_file():
        raise UserError(f"{where}.tables: there is no {published}")
    with (ROOT / published).open(newline="", encoding="utf-8") as file:
        columns = next(csv.reader(file), [])
    for column in declared.literal(program, "PUBLISHED") or []:
        if column not in columns:
            raise UserError(
                f"{published}: column {column} is missing, which {program.relative_to(ROOT)} asks "
                f"for; it has {', '.join(columns)}"
            )
