"""Check that a conda environment has the packages that its pin file lists.

    python -m scripts.tools.check_pins .snakemake/conda/<hash>_

Snakemake calls this after it has made an environment (``envs/*.post-deploy.sh``). If the pinned
packages cannot be installed, Snakemake itself installs the versions of the yaml file, with a
warning and exit status 0. This check makes that an error, so Snakemake removes the environment.
"""

import argparse
from pathlib import Path

from latephase.errors import UserError, reporting


def pinned(file: Path) -> set[str]:
    """The packages in an explicit specification of conda, as name-version-build."""
    urls = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    names = [url.rpartition("/")[2] for url in urls if "/" in url]
    return {name.removesuffix(".conda").removesuffix(".tar.bz2") for name in names}


def check(prefix: Path) -> None:
    """Raise a UserError if an environment has other packages than the pin file beside it.

    Snakemake puts the file there. A platform without pins has no file, and nothing to check.
    """
    pins = Path(f"{prefix}.pin.txt")
    if not pins.exists():
        return
    found = {path.stem for path in prefix.glob("conda-meta/*.json")}
    if other := sorted(found ^ pinned(pins)):
        more = ", …" * (len(other) > 4)
        raise UserError(
            f"{pins}: could not be installed; the environment differs from it in {len(other)} "
            f"packages: {', '.join(other[:4])}{more}"
        )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("prefix", type=Path, help="the environment's folder")
    args = parser.parse_args(argv)
    with reporting():
        check(args.prefix)


if __name__ == "__main__":
    main()
