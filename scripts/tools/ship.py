r"""Put the data of studies that were trained here into the repository, under shipped/.

    python -m scripts.tools.ship --scale paper --studies weight_decay_mlp clock_of_theorem

It keeps the columns that the figures, tables and claims of these studies read, writes the manifest,
and makes the figures, tables and verdicts again from what is shipped. Where --results holds a
figure or a table that was made from the whole data, the numbers must be the same. Run it once for
all studies of a scale that are to be shipped: it replaces what was shipped of that scale.
"""

import argparse
import ast
import datetime
import hashlib
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from latephase.catalog import load, shipped
from latephase.errors import UserError, reporting
from latephase.metrics import families
from latephase.runs import code_digest
from latephase.storage import parquet
from latephase.storage.atomic import replacing
from rules.targets import Targets
from scripts.checked_out import commit
from scripts.verify import difference

ROOT = Path(__file__).parents[2]
LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy", "torch")
LARGEST = 10_000_000
"""What all shipped files may have together, in bytes."""


class Study:
    """A study at a scale, as the targets of rules know it by wildcards."""

    def __init__(self, study: str, scale: str):
        self.study, self.scale = study, scale


def named(programs: Iterable[str]) -> set[str]:
    """Every text that the sources of programs hold, among them the columns that they read."""
    files = {file for program in programs for file in code_digest.sources(program, ROOT)}
    # A family's declaration of what it measures is no use of it.
    read = [file for file in files if not file.startswith("latephase/metrics/")]
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
    """A study's data without the metrics that are not among names."""
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
        "date": datetime.date.today().isoformat(),
        "hours": round(sum(timing["wall_seconds"] for timing in timings) / 3600, 2),
        "device": ", ".join(sorted({timing["device"] for timing in timings})),
        "machine": ", ".join(dict.fromkeys([platform.machine(), _processor()])),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


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
    catalog = load.load(ROOT, config | {"data": "shipped", "figures": "all"})
    trained_at = args.commit or commit()
    if not trained_at or len(trained_at) != 40:
        raise UserError(
            f"--commit is {trained_at}; allowed: a commit of 40 digits, without changes"
        )
    manifest = json.loads(json.dumps(catalog.shipped))
    manifest["studies"][args.scale] = dict.fromkeys(args.studies)
    manifest["results"].pop(args.scale, None)
    catalog.shipped.update(manifest)
    targets = Targets(catalog, ROOT)
    folder = ROOT / shipped.file(args.scale, "")
    shutil.rmtree(folder, ignore_errors=True)
    names = named(_programs(targets, args.scale)) | texts(_options(targets, args.scale))
    for study in args.studies:
        entry = _ship(targets, Study(study, args.scale), results, names, trained_at)
        manifest["studies"][args.scale][study] = entry
    _write(manifest)

    made = [*targets.asked.figures(args.scale), *targets.asked.tables(args.scale)]
    made = [Path(file).relative_to(config["results"]) for file in made if file.endswith(".csv")]
    made += [Path(args.scale) / "claims.csv"]
    again = Path(config["results"]) / "verified"
    command = [sys.executable, "-m", "snakemake", "-c2", "--forcerun", "shipped_again", "--"]
    subprocess.run([*command, *(str(again / file) for file in made)], cwd=ROOT, check=True)
    checksums = {}
    for file in made:
        source, name = ROOT / again / file, file.relative_to(args.scale).as_posix()
        if name != "claims.csv" and (results / file).exists():
            _, told = difference(pd.read_csv(source), pd.read_csv(results / file))
            if told:
                raise UserError(f"{source}: with the columns that are shipped, {told}")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        checksums[name] = hashlib.sha256(source.read_bytes()).hexdigest()
    manifest["results"][args.scale] = checksums
    _write(manifest)
    size = sum(path.stat().st_size for path in (ROOT / shipped.FOLDER).rglob("*") if path.is_file())
    print(f"{shipped.FOLDER}/ has {size:,} bytes, of {LARGEST:,} at most")
    if size > LARGEST:
        raise UserError(f"{shipped.FOLDER}/ has {size:,} bytes; allowed: {LARGEST:,}")


def _programs(targets: Targets, scale: str) -> set[str]:
    """The programs of the figures, tables and claims that a scale has."""
    catalog = targets.catalog
    shown = [("figures", name, catalog.figures[name]) for name in catalog.chosen_figures(scale)]
    shown += [("tables", name, catalog.tables[name]) for name in catalog.chosen_tables(scale)]
    claims = {f"latephase.papers.{c['paper']}.claims" for c in catalog.chosen_claims(scale)}
    return claims | {f"scripts.{kind}.{entry.get('script', name)}" for kind, name, entry in shown}


def _options(targets: Targets, scale: str) -> list[Any]:
    """What the catalog tells these programs and claims."""
    catalog = targets.catalog
    figures = [catalog.figures[name] for name in catalog.chosen_figures(scale)]
    tables = [catalog.tables[name] for name in catalog.chosen_tables(scale)]
    return [*figures, *tables, *catalog.chosen_claims(scale)]


def _ship(
    targets: Targets, study: Study, results: Path, names: set[str], trained_at: str
) -> dict[str, Any]:
    """Write a study's files. Returns its entry in the manifest."""
    source = results / study.scale / "studies" / f"{study.study}.parquet"
    df = kept(parquet.read(source), names)
    target = ROOT / shipped.file(study.scale, source.name)
    parquet.write(target, df)
    files = [target]
    margins = source.with_suffix(".margins.parquet")
    if margins.exists():
        files.append(target.with_name(margins.name))
        shutil.copyfile(margins, files[-1])
    packs = [results / "packs" / pack for pack in df["pack"].unique()]
    return {
        "files": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "planned": targets.studies.planned(study),
        "runs": int(df["run"].nunique()),
        "rows": len(df),
        "trained": trained(packs, trained_at),
    }


def _write(manifest: dict[str, Any]) -> None:
    with replacing(ROOT / shipped.MANIFEST) as part:
        part.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with reporting():
        main()
