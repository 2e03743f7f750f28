"""Inputs and params of a figure or a table. Wildcards: ``scale``, and ``figure`` or ``table``."""

import re
from typing import Any

from latephase.catalog.check_shown import published_of
from latephase.catalog.entries import Catalog
from latephase.runs import spec
from rules.targets.code import Code
from rules.targets.files import Files
from rules.targets.notes import Notes


class Shown:
    """The figures and tables of a catalog."""

    def __init__(self, catalog: Catalog, files: Files, code: Code, notes: Notes):
        self.catalog, self._files, self._code, self.notes = catalog, files, code, notes

    def entry(self, wildcards) -> tuple[str, dict[str, Any]]:
        """The name of the figure or table, and its entry in the catalog."""
        if hasattr(wildcards, "table"):
            return wildcards.table, self.catalog.tables[wildcards.table]
        return wildcards.figure, self.catalog.figures[wildcards.figure]

    def studies(self, wildcards) -> list[str]:
        """The studies from which it is made."""
        _, entry = self.entry(wildcards)
        return self.catalog.studies_of(entry, wildcards.scale)

    def files(self, wildcards) -> dict[str, str | list[str]]:
        """The files from which it is made, by name."""
        name, entry = self.entry(wildcards)
        study, *beside = self.studies(wildcards)
        files = {
            "data": self._files.study(study, wildcards.scale),
            "beside": [self._files.study(other, wildcards.scale) for other in beside],
            "margins": self._files.margins(study, wildcards.scale),
            "published": self._files.here(published_of(name, entry) or ""),
        }
        return {name: files[name] for name in entry["files"]}

    def words(self, wildcards, input) -> list[str]:
        """The options that give a program these files, wherever they are."""
        given = {name: input[name] for name in self.files(wildcards)}
        files = {name: [file] if isinstance(file, str) else file for name, file in given.items()}
        return [word for name, some in files.items() for word in (f"--{name}", *some)]

    def options(self, wildcards) -> str:
        """The arguments that the catalog gives to the program at this scale, as JSON."""
        _, entry = self.entry(wildcards)
        arguments = entry.get("arguments", {})
        return spec.canonical(arguments.get("both", {}) | arguments.get(wildcards.scale, {}))

    def note(self, wildcards) -> str:
        """What was run for a figure or a table."""
        return self.notes.of(wildcards.scale, *self.studies(wildcards))

    def title(self, wildcards) -> str:
        """The title of a figure. It begins with the paper's number: ``han2025, Fig. 1: …``."""
        name, entry = self.entry(wildcards)
        number = re.fullmatch(rf"{entry['paper']}_fig(\d+\w*)", name)
        return f"{entry['paper']}, Fig. {number[1]}: {entry['title']}" if number else entry["title"]

    def label(self, wildcards) -> dict[str, str]:
        """The label in the report. There is only one.

        With two labels, a report of two figures has a switch, which does not work. Figures and
        tables are under one heading, so their label has the same name.
        """
        name, entry = self.entry(wildcards)
        return {"figure or table": f"{name}: {entry['title']}"}

    def heading(self, wildcards) -> str:
        """The heading in the report: that of its paper."""
        _, entry = self.entry(wildcards)
        return self.catalog.papers[entry["paper"]]

    def script(self, wildcards) -> str:
        """The program of a figure or a table: one with its own name, or one that several share."""
        name, entry = self.entry(wildcards)
        return entry.get("script", name)

    def code(self, kind: str, wildcards) -> str:
        """A digest of that program, which is in the folder of figures or of tables."""
        return self._code.digest(f"scripts.{kind}.{self.script(wildcards)}")
