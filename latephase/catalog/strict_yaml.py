"""Read YAML files strictly: a key may be given only once, and a mistake is reported in one line."""

import math
from pathlib import Path
from typing import Any

import yaml

from latephase.errors import UserError

DEEPEST = 100
LARGEST = 100_000
"""The largest number of values in a file. The values of an alias count each time that it is used,
because with aliases to lists of aliases, a dozen lines make billions of values."""


MISREADINGS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""The errors that the YAML library raises if a value does not fit its tag, as in ``!!int abc``."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML without tags of Python. Keys are text, and no key is given twice.

    The YAML library itself would keep the last of two equal keys.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except MISREADINGS:
            what = node.tag.rpartition(":")[2]
            problem = f"{str(node.value)[:40]!r} is not of the kind {what}"
            mark = node.start_mark
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark) from None

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _size(node, {}) > LARGEST:
            problem = f"more than {LARGEST} values, with aliases expanded"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        known = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key, problem = self.construct_object(key_node, deep=True), None
            if not isinstance(key, str):
                problem = f"key {key} is not text"
            elif key in known:
                problem = f"key {key!r} is given twice"
            if problem:
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            known.add(key)
        return super().construct_mapping(node, deep)


def _check_depth(text: str) -> None:
    """Refuse text that is nested so deeply that building its content would overflow the C stack."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)


def _size(node: yaml.Node, known: dict[yaml.Node, float]) -> float:
    """How many values a node holds, including itself; infinity if it contains itself."""
    if node not in known:
        known[node] = math.inf
        parts = () if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in parts for part in pair]
        known[node] = 1 + sum(_size(part, known) for part in parts)
    return known[node]


def read_yaml(path: Path, file: str) -> Any:
    """The content of a YAML file. ``file`` is its name in an error.

    Raises UserError if the file cannot be read.
    """
    try:
        return parsed(path.read_text(encoding="utf-8"), file)
    except UnicodeDecodeError as error:
        where, problem = f" at byte {error.start}", "not UTF-8"
    except OSError as error:
        where, problem = "", error.strerror
    raise UserError(f"{file}: cannot be read{where} ({problem}); allowed: YAML")


def parsed(text: str, file: str) -> Any:
    """The content of a text in YAML. ``file`` is the name of its file in an error."""
    try:
        _check_depth(text)
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
    raise UserError(f"{file}: cannot be read{where} ({problem}); allowed: YAML")
