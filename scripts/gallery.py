"""Make the gallery: every figure of a scale on one page, with what was found and how it was made.

    python -m scripts.gallery --catalog '{"papers": […], "units": {…}}' --scale quick \
        --folder results/quick --claims results/quick/claims.csv --output results/quick/index.html

``--catalog`` says what belongs on the page; ``rules.targets.galleries`` makes it. The program reads
figures and studies from the folder. Links lead from the page to files in the folder.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from latephase.drawing import findings, gallery_page, names
from latephase.drawing.thumbnails import thumbnail
from latephase.errors import UserError, reporting
from latephase.storage.atomic import replacing
from latephase.storage.parquet import read


class Gallery:
    """The folder of a scale: links to its files, and what the page says about them."""

    def __init__(self, folder: Path, page: Path, verdicts: dict[str, dict[str, Any]]):
        self.folder, self.verdicts = folder, verdicts
        self.up = "" if page.parent == folder else "../"
        self.studies: dict[str, dict[str, str]] = {}

    def figure(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A figure's entry with its picture, what its numbers say, its links and commands.

        Raises UserError if one of its files cannot be read.
        """
        name, metric = entry["name"], entry["metric"]
        path = self.folder / "figures" / name
        try:
            picture, width, height = thumbnail(path.with_suffix(".png"))
            numbers = pd.read_csv(path.with_suffix(".csv"))
        except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
            told = " ".join(str(error).split())
            raise UserError(f"{path}: cannot be read ({told}); make the figure again") from None
        shown = findings.metrics_in(numbers, metric)
        return entry | {
            "picture": picture,
            "width": width,
            "height": height,
            "finding": findings.finding(numbers, metric),
            "metrics": list(dict.fromkeys(names.plain_metric(one) for one in shown)),
            "claims": self.claims(entry["claims"]),
            "studies": [self.study(study) for study in entry["studies"]],
            "links": {
                **{
                    kind.upper(): f"{self.up}figures/{name}.{kind}"
                    for kind in ("pdf", "png", "csv")
                },
                **self.data(entry["studies"]),
            },
            "commands": [
                ("Make it alone", f"snakemake {self.folder}/figures/{name}.pdf"),
                ("Bundle it", f"snakemake {self.folder}/bundles/{name}.zip"),
                (
                    "Explore its data",
                    f"snakemake {self.folder}/explore/{entry['studies'][0]}.html",
                ),
            ],
        }

    def table(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A table's entry with its links and verdicts."""
        kinds = {"page": "html", "CSV": "csv"}
        files = {told: f"{self.up}tables/{entry['name']}.{kind}" for told, kind in kinds.items()}
        claims = self.claims(entry["claims"])
        return entry | {"links": files | self.data(entry["studies"]), "claims": claims}

    def claims(self, ids: list[str]) -> list[dict[str, Any]]:
        """The verdicts on claims. Raises UserError if a claim has none."""
        missing = [id_ for id_ in ids if id_ not in self.verdicts]
        if missing:
            raise UserError(f"--claims: no row for {', '.join(missing)}; make the verdicts again")
        return [self.verdicts[id_] for id_ in ids]

    def data(self, studies: list[str]) -> dict[str, str]:
        """Links to the data of studies."""
        several = len(studies) > 1
        return {
            f"data{f' ({study})' * several}": f"{self.up}studies/{study}.parquet"
            for study in studies
        }

    def study(self, name: str) -> dict[str, str]:
        """How many runs a study has, how long they are, and how many diverged."""
        if name not in self.studies:
            df = read(self.folder / "studies" / f"{name}.parquet")
            last = df.groupby("run", sort=False).tail(1)
            diverged = int(last["diverged_at"].notna().sum()) if "diverged_at" in last else 0
            told = f"{len(last):,} runs of up to {int(last['step'].max()):,} steps, measured at "
            told += f"{len(df):,} checkpoints"
            told += f"; {diverged} of the runs diverged" * bool(diverged)
            self.studies[name] = {"name": name, "told": f"{told}."}
        return self.studies[name]


def verdicts(path: Path, units: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows of ``claims.csv`` by claim, in words. Raises UserError if it cannot be read."""
    try:
        rows = pd.read_csv(path)
    except (OSError, ValueError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"--claims {path}: cannot be read ({told}); allowed: a CSV") from None
    rows[["controls", "note"]] = rows[["controls", "note"]].fillna("")
    return {
        row["claim"]: gallery_page.verdict(row, units.get(row["claim"], ""))
        for row in rows.to_dict("records")
    }


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", required=True, type=json.loads, help="JSON: what to show")
    parser.add_argument("--scale", required=True)
    parser.add_argument("--folder", required=True, type=Path, help="results/<scale>")
    parser.add_argument("--claims", required=True, type=Path, help="claims.csv")
    parser.add_argument("--report", type=Path, help="Snakemake's report, to link to")
    parser.add_argument("--output", required=True, type=Path)
    args = parser.parse_args(argv)
    given = verdicts(args.claims, args.catalog["units"])
    gallery = Gallery(args.folder, args.output, given)
    papers = []
    for paper in args.catalog["papers"]:
        figures = [gallery.figure(entry) for entry in paper["figures"]]
        tables = [gallery.table(entry) for entry in paper["tables"]]
        others = gallery.claims(paper["others"])
        papers.append(paper | {"figures": figures, "tables": tables, "others": others})
    pages = {"All verdicts in a table": "claims.html"}
    if args.report:
        pages["Snakemake's report: where each file comes from"] = args.report.name
    title = f"latephase: what the runs say, scale {args.scale}"
    text = gallery_page.page(title, papers, pages, args.scale, args.catalog["scales"])
    with replacing(args.output) as part:
        part.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
