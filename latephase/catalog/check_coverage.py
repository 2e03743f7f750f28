"""What can be wrong with what is said of a paper: one line each."""

from latephase.catalog import coverage
from latephase.catalog.entries import SCALES, Catalog
from latephase.errors import UserError


def check_coverage(catalog: Catalog) -> None:
    """The claims that figures and tables list exist, and what is not drawn is not drawn."""
    _check_listed(catalog)
    for paper in catalog.papers:
        _check_not_drawn(catalog, paper)


def _check_listed(catalog: Catalog) -> None:
    for kind, entries in (("figures", catalog.figures), ("tables", catalog.tables)):
        for name, entry in entries.items():
            ids = [claim["id"] for claim in catalog.claims if claim["paper"] == entry["paper"]]
            for id_ in entry.get("claims", []):
                if id_ not in ids:
                    file = f"catalog/{entry['paper']}/{kind}.yaml"
                    allowed = ", ".join(ids) or "none, there are no claims"
                    raise UserError(f"{file}: {name}.claims names {id_!r}; allowed: {allowed}")


def _check_not_drawn(catalog: Catalog, paper: str) -> None:
    entries = catalog.figures | catalog.tables
    for i, given in enumerate(coverage.not_drawn(catalog, paper)):
        for name in given["names"]:
            entry = entries.get(f"{paper}_{name}")
            there = catalog.studies[entry["study"]]["scales"] if entry else []
            for scale in [given["scale"]] if "scale" in given else SCALES:
                if scale in there:
                    raise UserError(
                        f"catalog/{paper}/paper.yaml: not_drawn[{i}].what is {given['what']!r}, "
                        f"but {paper}_{name} is drawn at scale {scale}; allowed: what is not"
                    )
