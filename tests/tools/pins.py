"""The pin files of ``envs/``, and what the packages in them need.

The latter is in ``depends.jsonl``, each package's own word. It is renewed with the pins: make the
environments for both devices (``snakemake --sdm conda --conda-create-envs-only``), then
``jq -c '{fn, depends, constrains}' .snakemake/conda/*/conda-meta/*.json | sort -u``.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
HEAD = ["# platform: linux-64", "@EXPLICIT"]
FORM = re.compile(
    r"https://conda\.anaconda\.org/conda-forge/(linux-64|noarch)/"
    r"(([^/]+)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2))#([0-9a-f]{32})"
)


class Pin(NamedTuple):
    """A line of a pin file."""

    subdir: str
    file: str
    name: str
    version: str
    build: str
    md5: str


def read(environment: str) -> list[Pin]:
    """The pins of an environment of ``envs/``; every line must be one."""
    lines = (ROOT / f"envs/{environment}.linux-64.pin.txt").read_text().splitlines()
    assert lines[:2] == HEAD
    matches = [(line, FORM.fullmatch(line)) for line in lines[2:]]
    assert not [line for line, match in matches if not match]
    return [Pin(*match.groups()) for _, match in matches]


def needs() -> dict[str, dict[str, list[str]]]:
    """By a package's file: ``depends``, and ``constrains``, of what may be there beside it."""
    lines = Path(__file__).with_name("depends.jsonl").read_text().splitlines()
    return {
        record["fn"]: {key: record[key] or [] for key in ("depends", "constrains")}
        for record in map(json.loads, lines)
    }
