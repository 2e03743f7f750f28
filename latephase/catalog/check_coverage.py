"""Check what the catalog says about each paper. Each mistake is reported in one line."""

from latephase.catalog import coverage
from latephase.catalog.entries import SCALES, Catalog
from latephase.errors import UserError


def check_coverage(catalog: Catalog) -> None:
    """Check that listed claims exist, and that nothing listed under ``not_drawn`` is drawn."""
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
            drawn_scales = catalog.studies[entry["study"]]["scales"] if entry else []
            for scale in [given["scale"]] if "scale" in given else SCALES:
                if scale in drawn_scales:
                    raise UserError(
                        f"catalog/{paper}/paper.yaml: not_drawn[{i}].what is {given['what']!r}, "
                        f"but {paper}_{name} is drawn at scale {scale}; allowed: what is not"
                    )
