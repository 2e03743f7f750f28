"""What claims are judged with. Wildcards: ``scale``, and ``paper`` if only its claims are."""

from typing import Any

from latephase.catalog.entries import Catalog
from rules.targets.code import Code
from rules.targets.files import Files
from rules.targets.notes import Notes


class Claims:
    """The claims of a catalog."""

    def __init__(self, catalog: Catalog, files: Files, code: Code, notes: Notes):
        self.catalog, self.files, self._code, self.notes = catalog, files, code, notes

    def judged(self, wildcards) -> list[dict[str, Any]]:
        """The claims that can be judged at a scale: all of them, or a paper's."""
        paper = getattr(wildcards, "paper", None)
        chosen = self.catalog.chosen_claims(wildcards.scale)
        return [claim for claim in chosen if paper in (None, claim["paper"])]

    def studies(self, wildcards) -> list[str]:
        """The studies that these claims ask about."""
        return sorted({claim["study"] for claim in self.judged(wildcards)})

    def data(self, wildcards) -> list[str]:
        """Their data."""
        return [self.files.study(study, wildcards.scale) for study in self.studies(wildcards)]

    def code(self, wildcards) -> str:
        """The program that judges, with each paper's statistics."""
        papers = {claim["paper"] for claim in self.judged(wildcards)}
        claims = [f"latephase.papers.{paper}.claims" for paper in sorted(papers)]
        return self._code.digest("scripts.evaluate_claims", *claims)

    def note(self, wildcards) -> str:
        """What was run, for one study after the other."""
        scale = wildcards.scale
        notes = {study: self.notes.of(scale, study) for study in self.studies(wildcards)}
        return "; ".join(f"{study}: {note}" for study, note in notes.items())
