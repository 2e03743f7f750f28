"""Check the source of a part. Each mistake is reported in one line.

If a mistake shows only when the part runs, the job that runs it reports it
(:mod:`latephase.runs.own_code`).
"""

import ast
import functools
from typing import Any

from jsonschema.exceptions import SchemaError

from latephase.catalog.check_schema import Validator, check
from latephase.errors import UserError
from latephase.runs import code_digest, declared, parts

DEFINES = {
    "model": ("Model",),
    "loss": ("per_sample", "logit_gradient"),
    "optimizer": ("update", "STATE"),
    "schedule": ("factor",),
    "regularizer": ("penalty",),
    "augmentation": ("draws", "augmented"),
}
"""The names that a module of each kind must define in addition to ``PARAMETERS``."""
GIVEN = {
    "loss": ("per_sample", ["logits", "targets"]),
    "optimizer": ("update", ["params", "grads", "state", "hyper", "step", "layout"]),
    "schedule": ("factor", ["step", "steps"]),
    "regularizer": ("penalty", ["features", "logits", "targets", "weight"]),
    "augmentation": ("augmented", ["x", "drawn", "black"]),
}
"""A function, and its arguments that come before the part's parameters."""


@functools.cache
def check_part(kind: str, name: str) -> None:
    """Raise a UserError if a part does not have what its kind requires."""
    module = declared.path(kind, name)
    file = declared.told(module)
    check_imports(parts.module(kind, name))
    check_schemas(file, "PARAMETERS", declared.parameters(kind, name))
    body = declared.tree(module).body
    defined = {name for node in body for name in _defines(node)}
    for wanted in DEFINES[kind]:
        if wanted not in defined:
            raise UserError(f"{file}: {wanted} is missing; every {kind} must have it")
    if kind == "optimizer":
        form = {"type": "array", "uniqueItems": True, "items": {"type": "string", "minLength": 1}}
        state = declared.literal(module, "STATE")
        check(list(state) if isinstance(state, tuple) else state, form, file, "STATE")
    takes = []
    if kind in ("schedule", "regularizer", "augmentation"):
        takes = [key for key in declared.parameters(kind, name) if key != "strength"]
    if kind == "model":
        kinds = {"type": "array", "minItems": 1, "items": {"enum": ["images", "integers"]}}
        check(list(declared.inputs(name)), kinds, file, "INPUTS")
        _check_library(name, file)
    for node in body:
        if isinstance(node, ast.FunctionDef) and kind in GIVEN and node.name == GIVEN[kind][0]:
            _check_call(file, node.name, node.args, GIVEN[kind][1], takes)
        if isinstance(node, ast.ClassDef) and node.name == "Model":
            takes = list(declared.parameters(kind, name))
            takes += parts.OF_INTEGERS if "integers" in declared.inputs(name) else []
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    first = ["self", "shape", "classes"]
                    _check_call(file, "Model.__init__", method.args, first, takes)


def _check_library(model: str, file: str) -> None:
    """Check what a model declares about an optional library and the files that it saves."""
    library, keys = declared.library(model), declared.config_keys(model)
    check(library, {"type": "string"}, file, "LIBRARY")
    if library and not (code_digest.ROOT / "envs" / f"train-{library}.yaml").is_file():
        line = f"{file}: LIBRARY is {library!r}, which has no envs/train-{library}.yaml"
        raise UserError(f"{line}; allowed: a library with such a file")
    named = {"enum": list(declared.parameters("model", model))}
    check(keys, {"type": "object", "additionalProperties": named}, file, "CONFIG")
    check(declared.config_fixed(model), {"type": "object"}, file, "FIXED")
    objects = {"type": "object", "additionalProperties": {"type": "object"}}
    named_by = {"type": "object", "additionalProperties": objects}
    check(declared.config_named(model), named_by, file, "NAMED")
    for key, values in declared.config_named(model).items():
        for value, given in values.items():
            for parameter in given:
                check(parameter, named, file, f"NAMED.{key}.{value}")
    lists = {"type": "array", "minItems": 1}
    usual = {"type": "object", "additionalProperties": lists}
    check(declared.config_usual(model), usual, file, "USUAL")


def check_schemas(file: str, variable: str, rules: dict[str, dict[str, Any]]) -> None:
    """Check that every rule that a module declares is a JSON schema, and that its default fits."""
    for name, rule in rules.items():
        where = f"{file}: {variable}.{name}"
        taken = variable == "PARAMETERS" and name == "name"
        if taken or not (isinstance(name, str) and name.isidentifier()):
            raise UserError(
                f"{where} is not a usable name; allowed: letters, digits and _, but not name"
            )
        if "$ref" in str(rule):
            raise UserError(f"{where} has $ref; allowed: a JSON schema without references")
        try:
            Validator.check_schema(rule)
        except SchemaError as error:
            problem = " ".join(error.message.split())
            raise UserError(f"{where} is not a JSON schema ({problem})") from None
        if "default" in rule:
            check(rule["default"], rule, file, f"{variable}.{name}.default")


@functools.cache
def check_imports(module: str) -> None:
    """Check that all imports of a module can be followed, so that each edit is noticed."""
    if line := code_digest.unfollowed(module, code_digest.ROOT):
        raise UserError(
            f"{line} and would hide an edit of the code that it runs; allowed: import …"
        )


def _defines(node: ast.stmt) -> list[str]:
    """The names that a top-level statement of a module binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name for alias in aliases]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return [name]
    return []


def _check_call(
    file: str, function: str, args: ast.arguments, first: list[str], named: list[str]
) -> None:
    """Check that a function accepts the arguments ``first`` by position and ``named`` by name."""
    ordered = [*args.posonlyargs, *args.args]
    required = len(ordered) - len(args.defaults)
    by_name = {arg.arg for arg in [*args.args[max(len(first) - len(args.posonlyargs), 0) :],
                                   *args.kwonlyargs]}  # fmt: skip
    must = {arg.arg for arg in ordered[len(first) : required]}
    pairs = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    must |= {arg.arg for arg, default in pairs if default is None}
    enough = len(ordered) >= len(first) or args.vararg is not None
    unknown = [] if args.kwarg else [name for name in named if name not in by_name]
    if not enough or unknown or must - {*named}:
        allowed = ", ".join([*first, *named])
        raise UserError(f"{file}: {function} takes ({ast.unparse(args)}); allowed: ({allowed})")
