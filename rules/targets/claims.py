"""Inputs and params for judging claims. Wildcards: ``scale``, and ``paper`` for one paper."""

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
        """The claims that can be judged at a scale: those of all papers, or of one."""
        paper = getattr(wildcards, "paper", None)
        chosen = self.catalog.chosen_claims(wildcards.scale)
        return [claim for claim in chosen if paper in (None, claim["paper"])]

    def studies(self, wildcards) -> list[str]:
        """The studies that these claims are about."""
        return sorted({claim["study"] for claim in self.judged(wildcards)})

    def data(self, wildcards) -> list[str]:
        """The data of these studies."""
        return [self.files.study(study, wildcards.scale) for study in self.studies(wildcards)]

    def code(self, wildcards) -> str:
        """A digest of the program that judges, with the statistics of each paper."""
        papers = {claim["paper"] for claim in self.judged(wildcards)}
        claims = [f"latephase.papers.{paper}.claims" for paper in sorted(papers)]
        return self._code.digest("scripts.evaluate_claims", *claims)

    def note(self, wildcards) -> str:
        """What was run, for each study."""
        scale = wildcards.scale
        notes = {study: self.notes.of(scale, study) for study in self.studies(wildcards)}
        return "; ".join(f"{study}: {note}" for study, note in notes.items())
