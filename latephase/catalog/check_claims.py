"""Check claims for mistakes that a schema cannot find. Each is reported in one line."""

import ast
from typing import Any

from latephase.catalog.check_schema import check
from latephase.catalog.columns import Data, formats, reader
from latephase.catalog.entries import Catalog
from latephase.errors import UserError
from latephase.runs import declared
from latephase.runs.code_digest import ROOT

NAMED = {
    "float": {"type": "number"},
    "int": {"type": "integer"},
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "Metric": {"type": "string", "format": "metric"},
    "Column": {"type": "string", "format": "column"},
    "Optimizer": {"type": "string", "format": "optimizer"},
    "Options": {"type": "object", "format": "options"},
}
"""The annotations that arguments of statistics may have, and the schemas of their values."""
ANNOTATIONS = f"{', '.join(NAMED)}, Sequence[…] or Mapping[str, …] of one, … | None"


def check_claims(catalog: Catalog, schema: dict[str, Any]) -> None:
    """Check every claim: its id, its study, its statistic with its arguments, and its controls.

    ``schema`` is the schema of the files of claims.
    """
    ids, data_of = set(), reader(catalog)
    of_claim = schema["$defs"]["claim"]["properties"]
    controls = {"$defs": schema["$defs"], **of_claim["controls"]}
    for claim in catalog.claims:
        file = f"catalog/{claim['paper']}/claims.yaml"
        if claim["id"] in ids:
            raise UserError(f"{file}: id {claim['id']!r} is given twice; allowed: once")
        ids.add(claim["id"])
        if claim["study"] not in catalog.studies:
            allowed = ", ".join(sorted(catalog.studies))
            where = f"{file}: {claim['id']}.study"
            raise UserError(f"{where} is {claim['study']!r}; allowed: {allowed}")
        low, high = (claim["threshold"][end] for end in ("low", "high"))
        if None not in (low, high) and low > high:
            where = f"{file}: {claim['id']}.threshold.low is {low}"
            raise UserError(f"{where}; allowed: at most high, {high}")
        arguments = {"properties": _check_statistic(file, claim)}
        for scale in catalog.studies[claim["study"]]["scales"]:
            data = data_of(claim["study"], scale)
            known = formats([data])
            check(claim["arguments"], arguments, file, f"{claim['id']}.arguments", known)
            check(claim["controls"], controls, file, f"{claim['id']}.controls", known)
            _check_values(file, claim, data)


def _check_values(file: str, claim: dict[str, Any], data: Data) -> None:
    """Check that the values in a claim's controls occur in the study's runs."""
    for index, control in enumerate(claim["controls"]):
        named = dict(control.get("exchange", {}))
        named |= {name: [v] for name, v in control.get("scale", {}).get("where", {}).items()}
        for column, values in named.items():
            known = data.values.get(column, [])
            for value in (value for value in values if value not in known):
                where = f"{file}: {claim['id']}.controls[{index}].{column}"
                allowed = ", ".join(map(str, known)) or "a column that distinguishes runs"
                raise UserError(f"{where} is {value!r}; allowed: {allowed}")


def _check_statistic(file: str, claim: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Check that a statistic is a function of its paper's claims; return its arguments' schemas."""
    module = ROOT / "latephase" / "papers" / claim["paper"] / "claims.py"
    known = _statistics(declared.tree(module)) if module.is_file() else {}
    where, statistic = f"{file}: {claim['id']}", claim["statistic"]
    if statistic not in known:
        allowed = ", ".join(known) or f"none of {claim['paper']}"
        raise UserError(f"{where}.statistic is {statistic!r}; allowed: {allowed}")
    arguments = {argument.arg: argument.annotation for argument in known[statistic]}
    if set(claim["arguments"]) != set(arguments):
        given = ", ".join(sorted(claim["arguments"])) or "none"
        allowed = ", ".join(sorted(arguments)) or "none"
        raise UserError(f"{where}.arguments are {given}; allowed: {allowed}, all of them")
    schemas = {name: _schema(annotation) for name, annotation in arguments.items()}
    for name, schema in schemas.items():
        if schema is None:
            kind = arguments[name]
            problem = f"annotated {ast.unparse(kind)}" if kind else "not annotated"
            line = f"{declared.told(module)}: argument {name} of {statistic} is {problem}"
            raise UserError(f"{line}; allowed: {ANNOTATIONS}")
    return schemas


def _statistics(tree: ast.Module) -> dict[str, list[ast.arg]]:
    """The public functions that take a table, each with its other arguments.

    Functions that are imported by name from a module of a paper are included.
    """
    statistics = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("latephase.papers."):
            file = (ROOT / node.module.replace(".", "/")).with_suffix(".py")
            theirs = _statistics(declared.tree(file)) if file.is_file() else {}
            named = {alias.name: alias.asname or alias.name for alias in node.names}
            statistics |= {named[name]: theirs[name] for name in named if name in theirs}
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            if arguments and arguments[0].arg == "table":
                statistics[node.name] = arguments[1:]
    return statistics


def _schema(annotation: ast.expr | None) -> dict[str, Any] | None:
    """The schema of an argument with this annotation; None if :data:`NAMED` does not have it."""
    match annotation:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return NAMED.get(name)
        case ast.BinOp(left=one, op=ast.BitOr(), right=ast.Constant(value=None)):
            inner = _schema(one)
            return inner and {"if": {"type": "null"}, "else": inner}
        case ast.Subscript(value=ast.Name(id="Sequence" | "list"), slice=one):
            inner = _schema(one)
            return inner and {"type": "array", "items": inner}
        case ast.Subscript(
            value=ast.Name(id="Mapping" | "dict"),
            slice=ast.Tuple(elts=[ast.Name(id="str"), one]),
        ):
            inner = _schema(one)
            return inner and {"type": "object", "additionalProperties": inner}
    return None
