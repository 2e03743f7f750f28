"""Checking what a user wrote against a JSON schema, with one line for what is wrong."""

from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from latephase.errors import UserError

BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
    "minItems": "a list of length at least",
    "maxItems": "a list of length at most",
    "minLength": "text of length at least",
    "minProperties": "keys, at least",
    "pattern": "text that matches",
    "const": "only",
}


def check(value: Any, schema: dict[str, Any], file: str, key: str = "") -> None:
    """Raise a UserError that names file, key, value and what is allowed.

    ``key`` is the dotted name of ``value`` in the file, where it is a part of it.
    """
    error = best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    if error is not None:
        raise UserError(_line(error, file, key))


def _line(error: jsonschema.ValidationError, file: str, key: str) -> str:
    name = key
    for step in error.absolute_path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else str(step)
    rule, limit, value = error.validator, error.validator_value, error.instance
    if rule == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = next(item for item in value if item not in known)
        name = f"{name}.{unknown}" if name else unknown
        return f"{file}: {name} is not a known key; allowed: {', '.join(known)}"
    if rule == "required":
        missing = next(item for item in limit if item not in value)
        name = f"{name}.{missing}" if name else missing
        return f"{file}: {name} is missing; it must be given"
    allowed = {
        "enum": lambda: ", ".join(map(str, limit)),
        "type": lambda: limit if isinstance(limit, str) else " or ".join(limit),
        "uniqueItems": lambda: "a list without repeats",
        "oneOf": lambda: " or ".join(_describe(option) for option in limit),
    }.get(rule, lambda: f"{BOUNDS.get(rule, rule)} {limit}")()
    hint = ""
    if isinstance(value, str) and rule in ("type", "oneOf") and _is_number(value):
        hint = f" (YAML reads {value} as text: write {float(value):.1e})"
    return f"{file}: {name} is {value!r}; allowed: {allowed}{hint}"


def _describe(option: dict[str, Any]) -> str:
    if "const" in option:
        return str(option["const"])
    if option.get("type") == "object":
        return f"an object with {', '.join(option['properties'])}"
    return f"a list of {option['items'].get('type')}" if "items" in option else option["type"]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
