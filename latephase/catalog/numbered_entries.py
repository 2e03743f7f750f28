"""Write out entries of the catalog that stand for several, such as ``fig{32..55}``.

The key ``each`` has names. For each name it has values, with the words that titles use for them.
The entries are all combinations of values in turn; the values of the last name change first.
``{name}`` in an entry is replaced by the value, and in its title by the words.
"""

import itertools
import re
from typing import Any

from latephase.errors import UserError

RANGE = re.compile(r"(\w*)\{(\d+)\.\.(\d+)\}")
PLACE = re.compile(r"\{(\w*)\}")


def written_out(entries: dict[str, dict], file: str) -> dict[str, dict]:
    """The entries of a file by name, with each template replaced by its entries.

    Raises UserError.
    """
    all_entries = {}
    for name, entry in entries.items():
        for own, whole in _members(name, entry, f"{file}: {name}"):
            if own in all_entries:
                raise UserError(f"{file}: {own} is given twice; allowed: once")
            all_entries[own] = whole
    return all_entries


def _members(name: str, entry: dict[str, Any], where: str) -> list[tuple[str, dict[str, Any]]]:
    """An entry as it is, or the entries for which a template stands."""
    numbers, each = RANGE.fullmatch(name), entry.get("each")
    if bool(numbers) != bool(each):
        raise UserError(
            f"{where}: numbers in its name, as fig{{1..4}}, and the key each must come together"
        )
    if not each:
        return [(name, entry)]
    stem, first, last = numbers[1], int(numbers[2]), int(numbers[3])
    combinations = list(itertools.product(*(values.items() for values in each.values())))
    if last - first + 1 != len(combinations):
        raise UserError(
            f"{where}: {last - first + 1} numbers, but {len(combinations)} combinations of each; "
            f"allowed: {stem}{{{first}..{first + len(combinations) - 1}}}"
        )
    rest = {key: value for key, value in entry.items() if key != "each"}
    members = []
    for number, combination in enumerate(combinations, first):
        values = dict(zip(each, (value for value, _ in combination), strict=True))
        words = dict(zip(each, (text for _, text in combination), strict=True))
        member = {
            key: _filled(value, words if key == "title" else values, f"{where}.{key}")
            for key, value in rest.items()
        }
        members.append((f"{stem}{number}", member))
    return members


def _filled(value: Any, values: dict[str, str], where: str) -> Any:
    """A value with every ``{name}`` in its texts replaced."""
    if isinstance(value, dict):
        return {key: _filled(part, values, f"{where}.{key}") for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, values, where) for part in value]
    if not isinstance(value, str):
        return value
    for name in PLACE.findall(value):
        if name not in values:
            raise UserError(
                f"{where} has {{{name}}}; allowed: {', '.join(values)}, the names in each"
            )
    return PLACE.sub(lambda place: values[place[1]], value)
