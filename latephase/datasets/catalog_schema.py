"""The JSON schema of catalog/datasets.yaml, with one form for each kind of data set there is.

The Snakefile imports this module: it imports neither torch nor NumPy, nor any kind.
"""

from typing import Any

from latephase.datasets import kinds
from latephase.runs.declared import literal


def datasets_schema(common: dict[str, Any]) -> dict[str, Any]:
    """What catalog/schemas/datasets.schema.yaml says of every entry, and what the kinds say.

    The form of an entry is chosen by its ``kind``, so that an error names the key that is wrong and
    not every form there is.
    """
    forms = {name: form(name) for name in kinds.files()}
    chosen = [
        {"if": {"properties": {"kind": {"const": name}}}, "then": form_}
        for name, form_ in forms.items()
    ]
    entry = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(forms)}},
        "allOf": chosen,
    }
    return common | {"$defs": common["$defs"] | {"entry": entry}}


def form(kind: str) -> dict[str, Any]:
    """The JSON schema of an entry of one kind."""
    file = kinds.files()[kind]
    declared = literal(file, "SCHEMA")
    if declared is None:
        raise LookupError(f"{file} declares no SCHEMA")
    return {
        "type": "object",
        "additionalProperties": False,
        **declared,
        "required": ["kind", *declared["required"]],
        "properties": {"kind": {"const": kind}, **declared["properties"]},
    }
