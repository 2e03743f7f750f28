"""Say where the results are, and what the verdicts are.

    python -m rules.summary results/quick results/paper

It imports neither pandas nor torch, because the Snakefile imports it, to print the last lines of a
run.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

from latephase.catalog.printed import natural
from latephase.papers.claim import VERDICTS


def verdicts(table: Path) -> tuple[str, list[str]]:
    """How often each verdict was given, as ``2 reproduced, 1 inconclusive``, and the studies."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts = Counter(row["verdict"] for row in rows)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    return told, sorted({row["study"] for row in rows})


def lines(folder: Path) -> list[str]:
    """A line for each kind of result in the folder of a scale. The last line names the gallery.

    Verdicts and pages that are older than what they are made from get a remark. This happens if a
    run was asked for a single figure, because it does not change them.
    """
    figures, tables = (
        sorted(folder.glob(pattern), key=lambda path: natural(path.stem))
        for pattern in ("figures/*.png", "tables/*.html")
    )
    claims, report, gallery = (
        folder / name for name in ("claims.csv", "report.html", "index.html")
    )
    told = []
    if figures:
        names = ", ".join(path.stem for path in figures)
        told.append(f"figures   {folder}/figures/   {names} (pdf, png, csv)")
    if tables:
        names = ", ".join(path.stem for path in tables)
        told.append(f"tables    {folder}/tables/   {names} (html, csv)")
    if claims.exists():
        counts, studies = verdicts(claims)
        late = behind(claims, [folder / f"studies/{study}.parquet" for study in studies])
        told.append(f"verdicts  {claims.with_suffix('.html')}   {counts}{late}")
    if report.exists():
        told.append(f"report    {report}{behind(report, [*figures, *tables, claims])}")
    if gallery.exists():
        late = behind(gallery, [*figures, *tables, claims])
        told.append(f"all of it {gallery}   (open it in a browser){late}")
    return told


def behind(path: Path, sources: list[Path]) -> str:
    """A remark if a file is older than one of its sources, or nothing."""
    newest = max((source.stat().st_mtime for source in sources if source.exists()), default=0)
    return "   (from before this run)" if newest > path.stat().st_mtime else ""


def main(argv: list[str] | None = None) -> None:
    # Snakemake's Python may have been told to discard docstrings.
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="results/<scale>")
    args = parser.parse_args(argv)
    told = [line for folder in args.folders for line in lines(folder)]
    print("", *told, "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
