"""The claims of the catalog, as the program that judges them is given them."""

from pathlib import Path

import yaml

CATALOG = Path(__file__).parents[2] / "catalog"
PAPERS = [path.parent.name for path in sorted(CATALOG.glob("*/claims.yaml"))]
SCHEMA = yaml.safe_load((CATALOG / "schemas/claims.schema.yaml").read_text())


def written(paper: str) -> dict:
    """What a paper's claims.yaml holds."""
    return yaml.safe_load((CATALOG / paper / "claims.yaml").read_text())


def claims_of(paper: str) -> dict[str, dict]:
    """A paper's claims by their ids."""
    return {claim["id"]: {"paper": paper} | claim for claim in written(paper)["claims"]}
