"""Check user input against a JSON schema, and report a mistake in one line."""

import datetime
import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from latephase.errors import UserError

SMALLEST, LARGEST = 1e-30, 1e30
"""The smallest and the largest size of a number. 64-bit seeds lie between them."""
DEEPEST = 100
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
    "multipleOf": "a multiple of",
    "format": "a",
}


def _is_integer(_: Any, value: Any) -> bool:
    # JSON schema accepts 100.0 as an integer. range() and the digest of a spec do not.
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    # YAML has .nan and .inf. JSON, from which a digest is computed, does not.
    return _is_integer(_, value) or (isinstance(value, float) and math.isfinite(value))


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


Format = tuple[Callable[[Any], bool], Callable[[Any], str]]
"""Two functions: whether a value has one of our formats, and what is allowed instead."""


def check(
    value: Any,
    schema: dict[str, Any],
    file: str,
    key: str = "",
    formats: Mapping[str, Format] = MappingProxyType({}),
) -> None:
    """Raise a UserError that names file, key, value and what is allowed.

    Args:
        value: the value to check.
        schema: its JSON schema.
        file: the file that the error names.
        key: the dotted name of ``value`` in the file, unless it is the whole file.
        formats: formats that the schema may require in addition to those of JSON schema.
    """
    _check_sizes(value, file, key, DEEPEST)
    checker = Validator.FORMAT_CHECKER
    if formats:
        checker = jsonschema.FormatChecker()
        for name, (is_good, _) in formats.items():
            checker.checks(name)(is_good)
    error = best_match(Validator(schema, format_checker=checker).iter_errors(value))
    if error is not None:
        raise UserError(_line(error, file, key, formats, schema.get("$defs", {})))


def _check_sizes(value: Any, file: str, name: str, depth: int) -> None:
    """Check that numbers are 0 or of a size that single precision can hold.

    Also check the depth of nesting, because Snakemake, which reads the configuration, does not
    check it.
    """
    if not depth:
        raise UserError(f"{file}: {name[:60]}… is nested too deeply; allowed: {DEEPEST} levels")
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            named = f"{name}[{step}]" if isinstance(value, list) else _joined(name, step)
            _check_sizes(inner, file, named, depth - 1)
    elif _is_number(None, value) and value != 0 and not SMALLEST <= abs(value) <= LARGEST:
        problem = f"{file}: {name or 'its content'} is {_shown(value)}"
        raise UserError(f"{problem}; allowed: 0, or {SMALLEST} to {LARGEST} in size")


def _line(
    error: jsonschema.ValidationError,
    file: str,
    key: str,
    formats: Mapping[str, Format],
    named: Mapping[str, Any],
) -> str:
    name = key
    for step in error.absolute_path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else str(step)
    rule, limit, value = error.validator, error.validator_value, error.instance
    if rule == "format" and limit in formats:
        return f"{file}: {name} is {_shown(value)}; allowed: {formats[limit][1](value)}"
    if "propertyNames" in error.absolute_schema_path:
        return f"{file}: {_joined(name, value)} is not a name that matches {limit}"
    if rule == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        patterns = list(error.schema.get("patternProperties", {}))
        unknown = next(
            item
            for item in value
            if item not in known and not any(re.search(pattern, item) for pattern in patterns)
        )
        allowed = ", ".join([*known, *(f"names that match {pattern}" for pattern in patterns)])
        return f"{file}: {_joined(name, unknown)} is not a known key; allowed: {allowed}"
    if rule == "required":
        missing = next(item for item in limit if item not in value)
        return f"{file}: {_joined(name, missing)} is missing; it must be given"
    allowed = {
        "enum": lambda: ", ".join(map(str, limit)),
        "type": lambda: limit if isinstance(limit, str) else " or ".join(limit),
        "uniqueItems": lambda: "a list without repeats",
        "oneOf": lambda: " or ".join(_describe(option, named) for option in limit),
    }.get(rule, lambda: f"{BOUNDS.get(rule, rule)} {limit}")()
    return f"{file}: {name or 'its content'} is {_shown(value)}; allowed: {allowed}{_hint(error)}"


def _joined(name: str, last: Any) -> str:
    return f"{name}.{last}" if name else str(last)


def _shown(value: Any) -> str:
    if isinstance(value, datetime.date):
        return str(value)
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"


def _hint(error: jsonschema.ValidationError) -> str:
    """A hint if YAML did not read a value as the user meant it."""
    value = error.instance
    if isinstance(value, datetime.date):
        return f' (YAML reads {value} as a date: write "{value}")'
    kinds = error.validator_value if error.validator == "type" else ["number"]
    if isinstance(value, str) and error.validator in ("type", "oneOf"):
        try:
            number = float(value)
        except ValueError:
            return ""
        if "number" in kinds:
            text = repr(number)  # with a point: YAML reads 1e-10, which has none, as text too
            text = text if "." in text else text.replace("e", ".0e")
            return f" (YAML reads {value} as text: write {text})"
        if "integer" in kinds and number.is_integer():
            return f" (YAML reads {value} as text: write {int(number)})"
    return ""


def _describe(option: dict[str, Any], named: Mapping[str, Any]) -> str:
    """Describe one of several forms that a value may have.

    ``named`` are the schemas to which a form may refer.
    """
    if "$ref" in option:
        return _describe(named[option["$ref"].rpartition("/")[2]], named)
    if "const" in option:
        return "null" if option["const"] is None else str(option["const"])
    if "items" in option:
        return f"a list of {option['items'].get('type')}"
    if "properties" in option:
        return f"an object with {', '.join(option.get('required', option['properties']))}"
    return str(option.get("type", option))
