"""The JSON schema of catalog/datasets.yaml, with one form for each kind of data set.

The Snakefile imports this module, so it imports neither torch nor NumPy, nor any kind.
"""

from typing import Any

from latephase.datasets import kinds
from latephase.errors import UserError
from latephase.runs.declared import literal, told

NUMBER = {"type": "integer", "minimum": 1}
EVERY = {
    "variant": {"type": "string"},
    "shape": {"type": "array", "minItems": 1, "items": NUMBER},
    "classes": NUMBER,
    "train": NUMBER,
    "test": NUMBER,
}
"""The keys that every entry must have, whatever its kind. Studies are checked against them, and
captions show them."""


def datasets_schema(common: dict[str, Any]) -> dict[str, Any]:
    """The schema of all entries: catalog/schemas/datasets.schema.yaml with the kinds' schemas.

    The form of an entry is selected by its ``kind``. So an error names the key that is wrong and
    does not list all forms.
    """
    forms = {name: form(name) for name in kinds.files()}
    chosen = [
        {"if": {"properties": {"kind": {"const": name}}}, "then": form_}
        for name, form_ in forms.items()
    ]
    entry = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(forms)}, **EVERY},
        "allOf": chosen,
    }
    return common | {"$defs": common["$defs"] | {"entry": entry}}


def form(kind: str) -> dict[str, Any]:
    """The JSON schema of an entry of one kind.

    Raises UserError if the kind's own schema lacks a part.
    """
    file = kinds.files()[kind]
    declared = literal(file, "SCHEMA")
    if not isinstance(declared, dict):
        raise UserError(f"{told(file)}: SCHEMA is {declared!r}; allowed: a JSON schema, a literal")
    for part in ("required", "properties"):
        for key in EVERY:
            if key not in declared.get(part, ()):
                line = f"{told(file)}: SCHEMA.{part} has no {key}"
                raise UserError(f"{line}; every kind must have {', '.join(EVERY)}")
    return {
        "type": "object",
        "additionalProperties": False,
        **declared,
        "required": ["kind", *declared["required"]],
        "properties": {"kind": {"const": kind}, **declared["properties"]},
    }
