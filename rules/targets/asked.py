"""The files that are made if everything at a scale is asked for."""

from latephase.catalog.entries import Catalog
from rules.targets.files import Files


class Asked:
    """The files of a scale, and what the report says about them."""

    def __init__(self, catalog: Catalog, files: Files):
        self.catalog, self.files = catalog, files

    def studies(self, scale: str) -> list[str]:
        """The data of every study."""
        return [self.files.study(name, scale) for name in self.catalog.chosen_studies(scale)]

    def explorers(self, scale: str) -> list[str]:
        """The explorer of every study."""
        return [self.files.explorer(name, scale) for name in self.catalog.chosen_studies(scale)]

    def figures(self, scale: str) -> list[str]:
        """The files of every chosen figure."""
        chosen = self.catalog.chosen_figures(scale)
        return [file for name in chosen for file in self.files.figure(name, scale)]

    def tables(self, scale: str) -> list[str]:
        """The files of every table."""
        chosen = self.catalog.chosen_tables(scale)
        return [file for name in chosen for file in self.files.table(name, scale)]

    def titles(self, scale: str) -> list[str]:
        """The titles and headings in the report, which no file of a figure or table holds."""
        figures = [self.catalog.figures[name] for name in self.catalog.chosen_figures(scale)]
        tables = [self.catalog.tables[name] for name in self.catalog.chosen_tables(scale)]
        entries = figures + tables
        return [f"{self.catalog.papers[entry['paper']]}: {entry['title']}" for entry in entries]
