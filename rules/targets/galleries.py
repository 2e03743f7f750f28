"""What a gallery shows and says. Wildcards: ``scale``, and ``paper`` for one paper."""

from typing import Any

from latephase.catalog import coverage, printed
from latephase.catalog.entries import SCALES, Catalog
from latephase.runs import spec
from rules.targets.claims import Claims
from rules.targets.files import Files
from rules.targets.notes import Notes


class Galleries:
    """The galleries of a catalog."""

    def __init__(self, catalog: Catalog, files: Files, claims: Claims, notes: Notes):
        self.catalog, self._files, self.claims, self.notes = catalog, files, claims, notes

    def files(self, wildcards) -> dict[str, list[str]]:
        """The files of figures and tables, and the data that they show."""
        scale, shown = wildcards.scale, {"figures": {}, "tables": {}}
        for paper in self._papers(wildcards):
            for kind, entries in shown.items():
                entries |= self._entries(kind, paper, scale)
        every = [entry for entries in shown.values() for entry in entries.values()]
        studies = {study for entry in every for study in self.catalog.studies_of(entry, scale)}
        return {
            "figures": [f for name in shown["figures"] for f in self._files.figure(name, scale)],
            "tables": [f for name in shown["tables"] for f in self._files.table(name, scale)],
            "data": [self._files.study(study, scale) for study in sorted(studies)],
        }

    def about(self, wildcards) -> str:
        """What the gallery says that is in none of these files, as JSON."""
        scale = wildcards.scale
        judged = {claim["id"]: claim for claim in self.claims.judged(wildcards)}
        papers = []
        for paper in self._papers(wildcards):
            shown = {
                kind: [
                    self._described(name, entry, scale, judged)
                    for name, entry in self._entries(kind, paper, scale).items()
                ]
                for kind in ("figures", "tables")
            }
            borne = {id_ for some in shown.values() for entry in some for id_ in entry["claims"]}
            own = [id_ for id_, claim in judged.items() if claim["paper"] == paper]
            about = {"key": paper, "heading": self.catalog.papers[paper]} | shown
            about["others"] = [id_ for id_ in own if id_ not in borne]
            about["coverage"] = coverage.rows(self.catalog, paper)
            # A paper of which nothing is made or listed here is not on the page.
            papers += [about] if about["coverage"] else []
        units = {id_: claim["unit"] for id_, claim in judged.items()}
        return spec.canonical({"papers": papers, "units": units, "scales": SCALES})

    def _papers(self, wildcards) -> list[str]:
        """The papers of a gallery: one, or all. Those that print figures come before our own."""
        if hasattr(wildcards, "paper"):
            return [wildcards.paper]
        figures = self.catalog.figures.items()
        printing = {entry["paper"] for name, entry in figures if printed.number(name)}
        return sorted(self.catalog.papers, key=lambda paper: (paper not in printing, paper))

    def _entries(self, kind: str, paper: str, scale: str) -> dict[str, dict[str, Any]]:
        """A paper's chosen figures or tables, in natural order."""
        if kind == "figures":
            entries, chosen = self.catalog.figures, self.catalog.chosen_figures(scale)
        else:
            entries, chosen = self.catalog.tables, self.catalog.chosen_tables(scale)
        own = [name for name in chosen if entries[name]["paper"] == paper]
        return {name: entries[name] for name in sorted(own, key=printed.natural)}

    def _described(
        self, name: str, entry: dict[str, Any], scale: str, judged: dict[str, Any]
    ) -> dict[str, Any]:
        """What the catalog says about a figure or a table."""
        studies = self.catalog.studies_of(entry, scale)
        arguments = entry.get("arguments", {})
        borne = coverage.claims_of(self.catalog, name, entry)
        return {
            "name": name,
            "label": printed.label(name),
            "title": entry["title"],
            "question": self.catalog.studies[entry["study"]]["question"],
            "note": self.notes.of(scale, *studies),
            "studies": studies,
            "claims": [claim["id"] for claim in borne if claim["id"] in judged],
            "metric": (arguments.get("both", {}) | arguments.get(scale, {})).get("metric"),
        }
