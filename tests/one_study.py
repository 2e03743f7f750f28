"""A catalog that is cut to one study, so that a whole workflow takes seconds."""

import shutil
from pathlib import Path

import yaml

NAME = "weight_decay_mlp"
STUDY = f"catalog/sakamoto2026/studies/{NAME}.yaml"
FIGURES = ("catalog/sakamoto2026/figures.yaml", "catalog/atlas/figures.yaml")
"""Where the study's figures stand."""
SHOWN = ("sakamoto2026_fig2", "sakamoto2026_fig3", "atlas_overview")
"""Those that are kept: they need no family beside the standard ones."""


def keep_one_study(root: Path) -> None:
    """Take the other studies out of the catalog, with what is shown and claimed of them, and what
    is shipped.
    """
    shutil.rmtree(root / "shipped", ignore_errors=True)
    for path in (root / "catalog").glob("*/studies/*.yaml"):
        if path.stem != NAME:
            path.unlink()
    for path in [p for kind in ("figures", "tables") for p in root.glob(f"catalog/*/{kind}.yaml")]:
        entries = yaml.safe_load(path.read_text()).items()
        write_yaml(path, {name: entry for name, entry in entries if name in SHOWN})
    study = yaml.safe_load((root / STUDY).read_text())
    for setting in study["scales"].values():
        setting.pop("metrics", None)
    write_yaml(root / STUDY, study)
    for path in root.glob("catalog/*/claims.yaml"):
        claims = yaml.safe_load(path.read_text())["claims"]
        own = [claim for claim in claims if claim["study"] == NAME]
        # Mutual information is of a further family.
        if own := [claim for claim in own if "mi_" not in str(claim["arguments"])]:
            write_yaml(path, {"claims": own})
        else:
            path.unlink()


def write_yaml(path: Path, content: dict) -> None:
    """Write a file of the catalog anew."""
    path.write_text(yaml.safe_dump(content, sort_keys=False))
