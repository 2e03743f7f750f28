r"""Put the data of studies that were trained here into the repository, under shipped/.

    python -m scripts.tools.ship --scale paper --studies weight_decay_mlp clock_of_theorem

The program keeps the columns that figures, tables and claims read, writes the manifest, and makes
the scale's figures, tables and verdicts again from the shipped data. If --results holds a figure or
a table that was made from the whole data, its numbers must be the same. Other shipped studies stay
as they are.
"""

import argparse
import ast
import datetime
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from latephase.catalog import load, shipped
from latephase.catalog.entries import Catalog
from latephase.errors import UserError, reporting
from latephase.metrics import families
from latephase.runs import code_digest, grid, spec
from latephase.storage import parquet
from latephase.storage.atomic import replacing
from rules.shipped import planned
from rules.targets import Targets
from scripts.checked_out import commit
from scripts.verify import difference

ROOT = Path(__file__).parents[2]
DECLARING = ("latephase/metrics/", "latephase/drawing/")
"""Folders that name metrics which a program need not read."""
LARGEST = 10_000_000
"""The most bytes that all shipped files may have together."""


class Study:
    """A study at a scale, in the place of wildcards."""

    def __init__(self, study: str, scale: str):
        self.study, self.scale = study, scale


def named(programs: Iterable[str]) -> set[str]:
    """Every text in the sources of programs. The columns that they read are among these."""
    files = {file for program in programs for file in code_digest.sources(program, ROOT)}
    # A family declares what it measures, and drawing has labels of metrics. Neither reads a column.
    read = [file for file in files if not file.startswith(DECLARING)]
    nodes = (node for file in read for node in ast.walk(code_digest.tree(ROOT / file)))
    return {node.value for node in nodes if isinstance(node, ast.Constant)} - {None}


def texts(value: Any) -> set[str]:
    """Every text within a value of JSON types."""
    if isinstance(value, dict):
        return set(value).union(*map(texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts, value))
    return {value} if isinstance(value, str) else set()


def kept(df: pd.DataFrame, names: set[str]) -> pd.DataFrame:
    """A study's data, without the metrics whose names are not given."""
    metrics = [
        column
        for column in df
        if any(families.has_column(family, column) for family in families.DECLARED)
    ]
    return df.drop(columns=[column for column in metrics if column not in names])


def trained(packs: Iterable[Path], trained_at: str) -> dict[str, Any]:
    """How packs were trained, for the manifest."""
    timings = [json.loads((pack / "timing.json").read_text()) for pack in packs]
    return {
        "commit": trained_at,
        "shipped": datetime.date.today().isoformat(),
        "hours": round(sum(timing["wall_seconds"] for timing in timings) / 3600, 2),
        "device": _all(timing["device"] for timing in timings),
        "machine": _all(timing["machine"] for timing in timings),
        "torch": _all(timing["torch"] for timing in timings),
    }


def _all(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))


@contextmanager
def replacing_scale(scale: str) -> Iterator[Path]:
    """The folder of a scale, to write in. If anything fails, the old folder is put back."""
    folder, manifest = ROOT / shipped.file(scale, ""), ROOT / shipped.MANIFEST
    before = before_of(folder)
    text = manifest.read_text(encoding="utf-8") if manifest.exists() else None
    folder.mkdir(parents=True, exist_ok=True)
    folder.rename(before)
    try:
        shutil.copytree(before, folder)
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        before.rename(folder)
        if text is None:
            manifest.unlink(missing_ok=True)
        else:
            manifest.write_text(text, encoding="utf-8")
        raise
    shutil.rmtree(before)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=["quick", "paper"], required=True)
    parser.add_argument("--studies", nargs="+", required=True)
    parser.add_argument("--results", type=Path, help="where they were made; by default, here")
    parser.add_argument("--commit", help="the commit that they were trained at; by default, this")
    args = parser.parse_args(argv)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    results = args.results or ROOT / config["results"]
    trained_at = args.commit or commit()
    if not trained_at or not re.fullmatch("[0-9a-f]{40}", trained_at):
        raise UserError(f"--commit is {trained_at}; allowed: 40 digits of a tree without changes")
    catalog = load.load(ROOT, config | {"data": "shipped", "figures": "all"})
    if unknown := set(args.studies) - set(catalog.studies):
        allowed = ", ".join(sorted(catalog.studies))
        raise UserError(f"--studies names {min(unknown)!r}; allowed: {allowed}")
    with replacing_scale(args.scale) as folder:
        manifest = ship(catalog, args.scale, args.studies, results, trained_at)
        manifest["results"][args.scale] = remake(catalog, args.scale, results, folder)
        write_manifest(manifest)
        size = sum(p.stat().st_size for p in folder.parent.glob("[!.]*/**/*") if p.is_file())
        if size > LARGEST:
            raise UserError(f"{shipped.FOLDER}/ has {size:,} bytes; allowed: {LARGEST:,}")
    print(f"{shipped.FOLDER}/ has {size:,} bytes, of {LARGEST:,} at most")


def before_of(folder: Path) -> Path:
    """The name under which the old folder of a scale is kept while a new one is made."""
    return folder.with_name(f".{folder.name}.before")


def ship(
    catalog: Catalog, scale: str, studies: list[str], results: Path, trained_at: str
) -> dict[str, Any]:
    """Write the studies' data. Returns the manifest, without the results of this scale."""
    manifest = catalog.shipped
    manifest["studies"].setdefault(scale, {}).update(dict.fromkeys(studies))
    # The results are made again, from all that is shipped now.
    for name in manifest["results"].pop(scale, {}):
        (ROOT / shipped.file(scale, name)).unlink(missing_ok=True)
    targets = Targets(catalog, ROOT)
    names = named(_programs(catalog, scale)) | texts(_options(catalog, scale))
    for study in studies:
        entry = _ship(targets, Study(study, scale), results, names, trained_at)
        manifest["studies"][scale][study] = entry
    write_manifest(manifest)
    return manifest


def remake(catalog: Catalog, scale: str, results: Path, folder: Path) -> dict[str, str]:
    """Make figures, tables and verdicts from the shipped data, and ship their numbers.

    Returns their checksums. The numbers are compared with those in ``results``, which were made
    from the whole data. If there are none, they are compared with those that were shipped before.
    Raises UserError if numbers differ.
    """
    asked, made = Targets(catalog, ROOT).asked, Path(catalog.config["results"])
    every = [Path(file) for file in [*asked.figures(scale), *asked.tables(scale)]]
    names = [str(file.relative_to(made / scale)) for file in every if file.suffix == ".csv"]
    again = made / "verified" / scale
    command = [sys.executable, "-m", "snakemake", "-c2", "--forcerun", "shipped_again", "--"]
    targets = [str(again / name) for name in [*names, "claims.csv"]]
    if subprocess.run([*command, *targets], cwd=ROOT).returncode:
        raise UserError("snakemake could not make all of it from what is shipped; see above")
    for name in [*names, "claims.csv"]:
        whole = results / scale / name
        compare(ROOT / again / name, whole if whole.exists() else before_of(folder) / name)
    checksums = {}
    for name in [*names, "claims.csv"]:
        content = (ROOT / again / name).read_bytes()
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        checksums[name] = hashlib.sha256(content).hexdigest()
    return checksums


def compare(again: Path, whole: Path) -> None:
    """Compare a CSV file that was made again with the one that was made from the whole data.

    Only verdicts on claims that both have are compared. Raises UserError if a number differs.
    """
    if not whole.exists():
        print(f"{again.name}: nothing to compare it with")
        return
    here, there = pd.read_csv(again), pd.read_csv(whole)
    if "claim" in here and "verdict" in here:
        here, there = (
            table[table["claim"].isin(other["claim"])].reset_index(drop=True)
            for table, other in ((here, there), (there, here))
        )
    _, told = difference(here, there)
    if told:
        raise UserError(f"{whole} was made from other numbers: from the shipped ones {told}")


def _programs(catalog: Catalog, scale: str) -> set[str]:
    """The programs of the figures, tables and claims that a scale has."""
    shown = [("figures", name, catalog.figures[name]) for name in catalog.chosen_figures(scale)]
    shown += [("tables", name, catalog.tables[name]) for name in catalog.chosen_tables(scale)]
    claims = {f"latephase.papers.{c['paper']}.claims" for c in catalog.chosen_claims(scale)}
    return claims | {f"scripts.{kind}.{entry.get('script', name)}" for kind, name, entry in shown}


def _options(catalog: Catalog, scale: str) -> list[Any]:
    """What the catalog gives to these programs and claims: entries with their arguments."""
    figures = [catalog.figures[name] for name in catalog.chosen_figures(scale)]
    tables = [catalog.tables[name] for name in catalog.chosen_tables(scale)]
    return [*figures, *tables, *catalog.chosen_claims(scale)]


def _ship(
    targets: Targets, study: Study, results: Path, names: set[str], trained_at: str
) -> dict[str, Any]:
    """Write a study's files. Returns its entry in the manifest."""
    source = results / study.scale / "studies" / f"{study.study}.parquet"
    df = kept(parquet.read(source), names)
    setting = targets.catalog.setting(study.study, study.scale)
    if set(df["run"]) != {spec.run_id(run) for run in grid.specs(setting)}:
        raise UserError(f"{source}: its runs are not those that the study has now; make it again")
    target = ROOT / shipped.file(study.scale, source.name)
    parquet.write(target, df)
    files = [target]
    margins = source.with_suffix(".margins.parquet")
    if margins.exists():
        files.append(target.with_name(margins.name))
        shutil.copyfile(margins, files[-1])
    packs = [results / "packs" / pack for pack in targets.studies.packs(study)]
    return {
        "files": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "planned": planned(targets, study),
        "runs": int(df["run"].nunique()),
        "rows": len(df),
        "trained": trained(packs, trained_at),
    }


def write_manifest(manifest: dict[str, Any]) -> None:
    """Write the manifest of what is shipped."""
    with replacing(ROOT / shipped.MANIFEST) as part:
        part.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
