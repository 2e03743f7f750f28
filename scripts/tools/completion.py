"""Print a command for bash, which then completes options, settings and targets of snakemake.

    source <(python -m scripts.tools.completion)

In zsh, call ``autoload -U +X bashcompinit && bashcompinit`` first.
"""

import argparse
import shlex
from pathlib import Path

from snakemake.cli import get_argument_parser

from latephase.catalog import load
from latephase.catalog.entries import SCALES, Catalog
from latephase.catalog.strict_yaml import read_yaml
from latephase.errors import reporting

ROOT = Path(__file__).parents[2]
PAGES = ("claims.csv", "claims.html", "index.html", "report.html")
RULES = ("figures", "tables", "verify", "studies", "explorers")
"""Rules without wildcards. Each asks for everything of a kind."""


def targets(catalog: Catalog) -> list[str]:
    """The files that users ask for by name."""
    found = []
    for scale in SCALES:
        folder = f"{catalog.config['results']}/{scale}"
        found += [f"{folder}/{page}" for page in PAGES]
        found += [
            f"{folder}/figures/{name}.{kind}"
            for name in catalog.chosen_figures(scale)
            for kind in ("pdf", "png", "csv")
        ]
        found += [
            f"{folder}/tables/{name}.{kind}"
            for name in catalog.chosen_tables(scale)
            for kind in ("html", "csv")
        ]
        found += [f"{folder}/studies/{name}.parquet" for name in catalog.chosen_studies(scale)]
    return found


def words(catalog: Catalog) -> list[str]:
    """The words that may come after ``snakemake``."""
    options = [
        option
        for action in get_argument_parser()._actions
        for option in action.option_strings
        if option.startswith("--")
    ]
    return [*options, *(f"{key}=" for key in catalog.config), *RULES, *targets(catalog)]


def line(found: list[str]) -> str:
    """The command for bash. Any other word is completed as the name of a file."""
    return f"complete -o default -W {shlex.quote(' '.join(found))} snakemake"


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args(argv)
    with reporting():
        config = read_yaml(ROOT / "config.yaml", "config.yaml")
        print(line(words(load.load(ROOT, config))))


if __name__ == "__main__":
    main()
