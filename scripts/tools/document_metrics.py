"""Write docs/metrics.md, which explains every column of metrics, from the docstrings.

    python -m scripts.tools.document_metrics            # write it
    python -m scripts.tools.document_metrics --check    # exit with status 1 if it is out of date

A public function in latephase/metrics/ whose docstring has a section ``Returns:`` documents its
columns there. Each entry has the columns' names and the formula, then prose, then the tags in
``TAGS``, in this order.

    Returns:
        rnc1: Tr Σ_W / (1/N Σ_i ‖h_i‖)²
            The within-class variance in units of the mean norm.
            split: train
            …

The files are read and not imported, so torch is not needed.
"""

import argparse
import ast
import functools
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from latephase.errors import UserError, reporting
from latephase.runs.code_digest import sources

ROOT = Path(__file__).parents[2]
METRICS = Path("latephase/metrics")
DOCUMENT = Path("docs/metrics.md")
TAGS = ("split", "bias", "unit", "range", "good", "source", "elsewhere")
SHORT_TAGS = TAGS[:5]
"""The tags that fit into a table. The others hold sentences."""

COLUMN = r"[a-z](?:[\w.]|<[a-z]+>)*"
ENTRY = re.compile(rf"(?P<columns>{COLUMN}(?:, {COLUMN})*): (?P<formula>\S.*)")
ARGUMENT = re.compile(r"(?P<names>\w+(?:, \w+)*): (?P<text>.*)")

INTRODUCTION = """\
# Metrics

<!-- Made from docstrings by `python -m scripts.tools.document_metrics`: edit those instead. -->

{about}

A column is in `results/packs/{{pack}}/{{family}}.parquet`, one row for each run and step, and under
the same name in the data of every study that measures its family. *Split* says from which samples
it is computed. *Bias* says whether the bias of the last layer counts. *Good* is the value that it
tends to, or should tend to, as the network collapses. *Elsewhere* says how it differs from what
other code or papers call by the same or a similar name. The papers are listed in the
[README](../README.md).
"""


@dataclass
class Entry:
    """What a docstring says about one column, or about a few that differ by a word."""

    columns: list[str]
    formula: str
    prose: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Function:
    """A function that makes columns."""

    name: str
    arguments: list[str]
    about: list[str]
    entries: list[Entry]
    families: list[str]


@dataclass
class Module:
    """A file that has such functions."""

    path: Path
    about: list[str]
    functions: list[Function]

    @property
    def family(self) -> str:
        """The first family that has one of its columns; empty if there is none."""
        return min(
            (family for function in self.functions for family in function.families), default=""
        )


def modules(root: Path) -> list[Module]:
    """Every module in ``root``/latephase/metrics that documents a column, by family and name.

    Raises UserError for an entry that does not have the right form, and for a column with two
    entries.
    """
    mentioned = {
        script.stem: _mentioned(script, root)
        for script in sorted(root.glob("scripts/extract/[a-z]*.py"))
        if (root / METRICS / script.stem / "family.py").exists()
    }
    found, seen = [], {}
    for file in sorted((root / METRICS).rglob("*.py")):
        path = file.relative_to(root)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = []
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                families = [family for family, names in mentioned.items() if node.name in names]
                functions += _function(node, path, families)
        for function, column in ((f, c) for f in functions for e in f.entries for c in e.columns):
            where = f"{path}: {function.name}"
            if column in seen:
                raise UserError(f"{where}: {column} is documented already in {seen[column]}")
            seen[column] = where
        if functions:
            found.append(Module(path, _about(file), functions))
    return sorted(found, key=lambda module: (module.family == "", module.family, module.path))


def _mentioned(script: Path, root: Path) -> set[str]:
    """The names that a family's extraction uses, and those that its imports use."""
    files = (root / file for file in sources(f"scripts.extract.{script.stem}", root))
    return set().union(*(_names(file.read_text(encoding="utf-8")) for file in files))


@functools.cache
def _names(text: str) -> frozenset[str]:
    """The names that a program uses, without those that it only defines or imports."""
    nodes = ast.walk(ast.parse(text))
    return frozenset(
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
    )


def _function(node: ast.FunctionDef, path: Path, families: list[str]) -> list[Function]:
    """The function, if its docstring has a section ``Returns:``. Otherwise nothing."""
    lines = (ast.get_docstring(node) or "").splitlines()
    if "Returns:" not in lines:
        return []
    start = lines.index("Returns:")
    entries = list(_entries(lines[start + 1 :], f"{path}: {node.name}"))
    parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    arguments = [parameter.arg for parameter in parameters]
    return [Function(node.name, arguments, lines[:start], entries, families)]


def _entries(lines: list[str], where: str) -> Iterator[Entry]:
    """The entries of a section. It ends at the first line that is not indented."""
    entry, tag = None, None
    for line in lines:
        indent, text = len(line) - len(line.lstrip()), line.strip()
        if text and indent == 0:
            break
        if text and indent == 4:
            if entry:
                yield _complete(entry, where)
            entry, tag = _first_line(text, where), None
        elif entry is None:
            if text:
                raise UserError(f"{where}: Returns has {text!r} before the first column")
        elif text and indent == 8 and (found := _tag(text, entry, where)):
            tag = found
        elif text and tag:
            entry.tags[tag] = f"{entry.tags[tag]} {text}".strip()
        elif not tag:
            entry.prose.append(line[8:])
    if entry is None:
        raise UserError(f"{where}: Returns has no column")
    yield _complete(entry, where)


def _first_line(text: str, where: str) -> Entry:
    match = ENTRY.fullmatch(text)
    if not match:
        raise UserError(f"{where}: Returns has {text!r}; allowed: `column: formula`")
    return Entry(match["columns"].split(", "), match["formula"].replace("`", ""))


def _tag(text: str, entry: Entry, where: str) -> str | None:
    """The tag that a line begins with, added to the entry. None for a line of prose."""
    word, _, rest = text.partition(":")
    where = f"{where}: {', '.join(entry.columns)}"
    if word not in TAGS:
        if entry.tags:
            raise UserError(f"{where}: tag {word!r} is unknown; allowed: {', '.join(TAGS)}")
        return None
    if word in entry.tags:
        raise UserError(f"{where}: tag {word} is given twice")
    entry.tags[word] = rest.strip()
    return word


def _complete(entry: Entry, where: str) -> Entry:
    """The entry. Raises UserError if a tag is missing, empty or out of order."""
    where = f"{where}: {', '.join(entry.columns)}"
    for tag in TAGS:
        if tag not in entry.tags:
            raise UserError(f"{where}: tag {tag} is missing; needed: {', '.join(TAGS)}")
        if not entry.tags[tag]:
            raise UserError(
                f"{where}: tag {tag} is empty; allowed: text, – where it does not apply"
            )
    if tuple(entry.tags) != TAGS:
        raise UserError(f"{where}: tags are {', '.join(entry.tags)}; needed: {', '.join(TAGS)}")
    return entry


def document(root: Path) -> str:
    """The text of docs/metrics.md."""
    found = modules(root)
    about = "\n\n".join(_blocks(_about(root / METRICS / "__init__.py")))
    blocks = [INTRODUCTION.format(about=about).rstrip(), _contents(found)]
    for family, members in itertools.groupby(found, lambda module: module.family):
        blocks.append(f"# Family `{family}`" if family else "# In no family")
        head = root / METRICS / family / "__init__.py"
        if family:
            blocks += _blocks(_about(head))
        for module in members:
            blocks += _section(module)
    return "\n\n".join(blocks) + "\n"


def _about(file: Path) -> list[str]:
    """The docstring of a module."""
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").splitlines()


def _contents(found: list[Module]) -> str:
    """The table of all columns, with a row for each entry."""
    rows = [("column", "family", "formula", "split", "good"), ("---",) * 5]
    for function in (function for module in found for function in module.functions):
        for entry in function.entries:
            names = "<br>".join(f"`{column}`" for column in entry.columns)
            tags = [_text(entry.tags[tag]) for tag in ("split", "good")]
            family = ", ".join(function.families) or "–"
            rows.append((f"[{names}](#{_anchor(entry)})", family, f"`{entry.formula}`", *tags))
    return _table(rows)


def _section(module: Module) -> Iterator[str]:
    yield f"## {module.path.relative_to(METRICS)}"
    yield f"[{module.path}](../{module.path})"
    yield from _blocks(module.about)
    for function in module.functions:
        yield f"**`{function.name}({', '.join(function.arguments)})`**"
        yield from _blocks(function.about)
        for entry in function.entries:
            yield "### " + ", ".join(f"`{column}`" for column in entry.columns)
            yield f"```\n{entry.formula}\n```"
            yield from _blocks(entry.prose)
            tags = {tag: _text(text) for tag, text in entry.tags.items()}
            yield _table([SHORT_TAGS, ("---",) * 5, [tags[tag] for tag in SHORT_TAGS]])
            told = [tag for tag in TAGS if tag not in SHORT_TAGS and tags[tag] != "–"]
            if told:
                yield "\n".join(f"- {tag}: {tags[tag]}" for tag in told)


def _anchor(entry: Entry) -> str:
    """The anchor that GitHub gives to the heading of an entry."""
    return re.sub(r"[^\w -]", "", ", ".join(entry.columns).lower()).replace(" ", "-")


def _table(rows: list) -> str:
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in r)} |" for r in rows)


def _blocks(lines: list[str]) -> Iterator[str]:
    """The lines of a docstring as Markdown, one block after the other.

    An indented block is code, as after a ``::`` in reStructuredText. Lines that begin with ``- ``
    are a list, and so are the arguments under ``Args:``.
    """
    for block in re.split(r"\n(?:\s*\n)+", "\n".join(lines).strip("\n")):
        chunk = block.splitlines()
        if not any(chunk):
            continue
        if all(line.startswith("    ") for line in chunk):
            yield "\n".join(["```", *(line[4:] for line in chunk), "```"])
        elif chunk[0] == "Args:":
            yield _list(chunk[1:], ARGUMENT, "    ")
        elif chunk[0].startswith("- "):
            yield _list(chunk, re.compile("- (?P<text>.*)"), "")
        else:
            yield re.sub("::$", ":", _text(" ".join(line.strip() for line in chunk)))


def _list(lines: list[str], start: re.Pattern, margin: str) -> str:
    """A list. After the margin, each line that matches ``start`` begins a new item."""
    items = []
    for line in lines:
        match = start.fullmatch(line.removeprefix(margin))
        if match:
            names = match.groupdict().get("names")
            items.append((f"`{names}`: " if names else "") + match["text"])
        elif items:
            items[-1] += f" {line.strip()}"
    return "\n".join(f"- {_text(item)}" for item in items)


def _text(text: str) -> str:
    """A docstring's text as Markdown. Roles become code. Outside of code, nothing is markup."""
    text = re.sub(r":\w+:`~[^`]*?(\w+)`|:\w+:`([^`]*)`", lambda m: f"`{m[1] or m[2]}`", text)
    text = text.replace("``", "`")
    parts = re.split(r"(`[^`]*`)", text)
    escape = re.compile(r"[*<~$\\]|(?<=\])\(|(?<!\w)_|_(?!\w)")
    parts[::2] = [escape.sub(lambda match: "\\" + match[0], part) for part in parts[::2]]
    return "".join(parts)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    args = parser.parse_args(argv)
    path, text = args.root / DOCUMENT, document(args.root)
    if args.check:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            command = "python -m scripts.tools.document_metrics"
            raise UserError(f"{DOCUMENT}: is not what the docstrings say; `{command}` writes it")
        return
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


if __name__ == "__main__":
    with reporting():
        main()
