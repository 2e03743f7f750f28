"""The numbers that a paper prints: names of entries, and the words for them.

``zhao2026_fig5`` is the counterpart of Figure 5 of zhao2026, and ``zhao2026_table2`` of its Table
2. A name without a number of the paper, such as ``zhao2026_modern``, belongs to a figure of our
own.
"""

import re
from collections.abc import Iterable

KINDS = {"fig": "Figure", "table": "Table"}
NUMBERS = r"\d+[a-z]?(?:(?:, | and | to )\d+[a-z]?)*"
PLACE = re.compile(rf"\b({'|'.join(KINDS.values())})s? ({NUMBERS})")
NAME = re.compile(rf"(?:.*_)?({'|'.join(KINDS)})(\d+[a-z]?)")


def named_in(where: str) -> list[str]:
    """The names in a place of a paper: "Figures 2c and 4 to 6" has fig2, fig4, fig5 and fig6."""
    stems = {word: stem for stem, word in KINDS.items()}
    names = []
    for word, numbers in PLACE.findall(where):
        plain = re.sub(r"(?<=\d)[a-z]", "", numbers)
        for part in re.split(", | and ", plain):
            first, _, last = part.partition(" to ")
            names += [f"{stems[word]}{n}" for n in range(int(first), int(last or first) + 1)]
    return names


def number(name: str) -> tuple[str, str] | None:
    """The kind and the number, such as ``4b``, of an entry's counterpart; None if it is ours."""
    match = NAME.fullmatch(name)
    return (match[1], match[2]) if match else None


def label(name: str) -> str:
    """The label of an entry: ``Figure 5`` of the paper, or ``Ours``."""
    known = number(name)
    return f"{KINDS[known[0]]} {known[1]}" if known else "Ours"


def natural(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """A sort key that puts fig2 before fig14, and the paper's own figures before ours."""
    parts = re.split(r"(\d+)", name)
    key = [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
    return number(name) is None, key


def ranges(numbers: Iterable[str]) -> str:
    """Numbers in short form: 1 to 3, 4b and 7. A number with a letter stands alone."""
    runs: list[list[str]] = []
    for one in sorted(numbers, key=natural):
        if runs and one.isdigit() and runs[-1][-1] == str(int(one) - 1):
            runs[-1].append(one)
        else:
            runs.append([one])
    parts = []
    for run in runs:
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
    return listed(parts)


def listed(parts: Iterable[str]) -> str:
    """One or more words or clauses in a row, with "and" before the last: A, B and C."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last
