"""What a user can get wrong in claims, beyond what a schema sees: one line each."""

import ast
from collections.abc import Iterator
from typing import Any

from latephase.catalog.check_schema import check
from latephase.catalog.columns import formats
from latephase.catalog.entries import Catalog
from latephase.errors import UserError
from latephase.runs import declared
from latephase.runs.code_digest import ROOT


def check_claims(catalog: Catalog) -> None:
    """Every claim: its id, its study, its statistic, and the metrics that it names."""
    ids = set()
    for claim in catalog.claims:
        file = f"catalog/{claim['paper']}/claims.yaml"
        if claim["id"] in ids:
            raise UserError(f"{file}: id {claim['id']!r} stands twice; allowed: once")
        ids.add(claim["id"])
        if claim["study"] not in catalog.studies:
            allowed = ", ".join(sorted(catalog.studies))
            where = f"{file}: {claim['id']}.study"
            raise UserError(f"{where} is {claim['study']!r}; allowed: {allowed}")
        arguments = _check_statistic(file, claim)
        for scale in catalog.studies[claim["study"]]["scales"]:
            known = formats(catalog, [claim["study"]], scale)
            schema = {"properties": {name: _schema(kind) for name, kind in arguments.items()}}
            check(claim["arguments"], schema, file, f"{claim['id']}.arguments", known)


def _schema(annotation: str) -> dict[str, Any]:
    """The schema of an argument by its annotation: Metric and Column name columns of the data."""
    named = {"Metric": {"format": "metric"}, "Column": {"format": "column"}}
    if annotation in named:
        return named[annotation]
    inner = annotation.removeprefix("Sequence[").removesuffix("]")
    return {"items": named[inner]} if inner in named else {}


def _check_statistic(file: str, claim: dict[str, Any]) -> dict[str, str]:
    """The annotations of a statistic's arguments. It is a function of its paper's claims."""
    known = dict(_statistics(claim["paper"]))
    where, statistic = f"{file}: {claim['id']}", claim["statistic"]
    if statistic not in known:
        allowed = ", ".join(known) or f"none of {claim['paper']}"
        raise UserError(f"{where}.statistic is {statistic!r}; allowed: {allowed}")
    if set(claim["arguments"]) != set(known[statistic]):
        given = ", ".join(sorted(claim["arguments"])) or "none"
        allowed = ", ".join(sorted(known[statistic])) or "none"
        raise UserError(f"{where}.arguments are {given}; allowed: {allowed}, all of them")
    return known[statistic]


def _statistics(paper: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The public functions of a paper's claims that take a table, with their other arguments."""
    file = ROOT / "latephase" / "papers" / paper / "claims.py"
    for node in declared.tree(file).body if file.is_file() else []:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            first, *others = [*node.args.args, *node.args.kwonlyargs]
            if first.arg == "table":
                yield node.name, {other.arg: ast.unparse(other.annotation) for other in others}
