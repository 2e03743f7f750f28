"""The house: which room may import which, and that no arrow turns back.

docs/house.md draws it; the imports are read from the code.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from latephase.runs import code_digest

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/house.md"
FILES = sorted((ROOT / "latephase").rglob("*.py"))


def room(file: Path) -> str:
    """The folder of latephase that a file lies in, or the file's own name."""
    first, *rest = file.relative_to(ROOT / "latephase").parts
    return first if rest else first.removesuffix(".py")


def imported(file: Path) -> set[Path]:
    """What a file imports by name, without the packages on the way there."""
    found = code_digest.imported_by(file, ROOT)
    return {path for path in found if path.name != "__init__.py" or path.read_text().strip()}


def arrows() -> dict[str, set[str]]:
    found = defaultdict(set)
    for file in FILES:
        for other in imported(file):
            inside = other.is_relative_to(ROOT / "latephase")
            if inside and room(other) not in (room(file), "__init__"):
                found[room(file)].add(room(other))
    return found


def drawn() -> dict[str, set[str]]:
    """The table of docs/house.md: a room and what it imports, from the top down."""
    rows = re.findall(r"^\| `(\w+)/?` \|.*\| ([^|]*) \|$", DOCUMENT.read_text(), re.M)
    return {name: set(re.findall(r"`(\w+)/?`", told)) for name, told in rows}


def test_the_drawing_is_what_the_code_imports():
    told = drawn()
    assert set(told) == {room(file) for file in FILES} - {"__init__"}
    found = arrows()
    everyone = {"errors"}  # The drawing says once that all rooms may.
    assert {name: found[name] - everyone for name in told} == told


def test_arrows_go_down():
    order = list(drawn())
    for name, others in arrows().items():
        for other in others:
            assert order.index(name) < order.index(other), f"{name} imports {other}"


def circles(graph: dict[Path, set[Path]]) -> list[Path]:
    """The files that import themselves, by way of others or not."""
    found = []
    for file in graph:
        seen, queue = set(), list(graph[file])
        while queue:
            other = queue.pop()
            if other not in seen:
                seen.add(other)
                queue += graph.get(other, set())
        if file in seen:
            found.append(file)
    return found


def test_no_file_imports_itself_by_way_of_others():
    # Importing a module runs its package's __init__, which is no arrow of the module's own.
    graph = {
        file: {other for other in imported(file) if other != file.parent / "__init__.py"}
        for file in FILES
    }
    assert circles(graph) == []


def test_a_circle_is_found():
    a, b, c = Path("a"), Path("b"), Path("c")
    assert circles({a: {b}, b: {c}, c: {b}}) == [b, c]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_package_knows_nothing_of_what_calls_it(file):
    outside = {path for path in imported(file) if not path.is_relative_to(ROOT / "latephase")}
    assert outside == set()


def test_rules_are_short():
    """What computes lies in modules beside them."""
    for file in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]:
        assert len(file.read_text().splitlines()) < 100, file.name
