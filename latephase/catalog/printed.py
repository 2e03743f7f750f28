"""What a paper prints, by its number: names of entries, and the words for them.

``zhao2026_fig5`` is the counterpart of Figure 5 of zhao2026, ``zhao2026_table2`` of its Table 2.
A name without a number of the paper, as ``zhao2026_modern``, is of a figure that is ours.
"""

import re
from collections.abc import Iterable

KINDS = {"fig": "Figure", "table": "Table"}
NUMBERS = r"\d+[a-z]?(?:(?:, | and | to )\d+[a-z]?)*"
PLACE = re.compile(rf"\b({'|'.join(KINDS.values())})s? ({NUMBERS})")
NAME = re.compile(rf"(?:.*_)?({'|'.join(KINDS)})(\d+[a-z]?)")


def named_in(where: str) -> list[str]:
    """What a place in a paper names: of ``Figures 2c and 4 to 6, Table 3`` fig2, fig4, … table3."""
    stems = {word: stem for stem, word in KINDS.items()}
    found = []
    for word, numbers in PLACE.findall(where):
        plain = re.sub(r"(?<=\d)[a-z]", "", numbers)
        for part in re.split(", | and ", plain):
            first, _, last = part.partition(" to ")
            found += [f"{stems[word]}{n}" for n in range(int(first), int(last or first) + 1)]
    return found


def number(name: str) -> tuple[str, str] | None:
    """The kind and the number, as ``4b``, of an entry's counterpart; None if it is ours."""
    found = NAME.fullmatch(name)
    return (found[1], found[2]) if found else None


def label(name: str) -> str:
    """What an entry is called: ``Figure 5`` of the paper, or ``Ours``."""
    found = number(name)
    return f"{KINDS[found[0]]} {found[1]}" if found else "Ours"


def natural(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """A key by which fig2 comes before fig14, and the paper's own figures before ours."""
    parts = re.split(r"(\d+)", name)
    key = [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
    return number(name) is None, key


def ranges(numbers: Iterable[str]) -> str:
    """Numbers in few signs: 1 to 3, 4b and 7. One with a letter stands alone."""
    runs: list[list[str]] = []
    for one in sorted(numbers, key=natural):
        if runs and one.isdigit() and runs[-1][-1] == str(int(one) - 1):
            runs[-1].append(one)
        else:
            runs.append([one])
    told = []
    for run in runs:
        told += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
    *others, last = told
    return f"{', '.join(others)} and {last}" if others else last
