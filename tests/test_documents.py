"""What the documents promise is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "results/README.md",
    "docs/running.md",
    "docs/scale.md",
    "docs/zhao2026.md",
    "catalog/published/README.md",
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere_and_nothing_is_left_to_fill_in(name):
    text = (ROOT / name).read_text()
    assert "@@" not in text
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            assert ((ROOT / name).parent / target).exists(), target
