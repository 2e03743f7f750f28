"""Read and check the whole catalog, so that a mistake is one line before any job starts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latephase.catalog import explored, forks, outside, shipped, user_data, weights
from latephase.catalog.check_claims import check_claims
from latephase.catalog.check_coverage import check_coverage
from latephase.catalog.check_places import check_folder
from latephase.catalog.check_schema import check
from latephase.catalog.check_settings import check_models, check_setting
from latephase.catalog.check_shown import check_chosen, check_shown
from latephase.catalog.entries import Catalog
from latephase.catalog.numbered_entries import written_out
from latephase.catalog.strict_yaml import read_yaml
from latephase.datasets.catalog_schema import datasets_schema
from latephase.errors import UserError
from latephase.runs import grid, packs, spec
from latephase.runs.spec import Spec

NAME = {"pattern": "^[a-z][a-z0-9_]*$"}
"""The pattern of the names of studies' files and of papers' folders."""
READ = re.compile(
    r"datasets\.yaml|(data|schemas)/.*|[^/]+/((paper|figures|tables|claims)\.yaml"
    r"|studies/[^/]+\.yaml|published/[^/]+\.csv)"
)
"""The files of the catalog's folder that are read."""
BESIDE = re.compile(r"(.*/)?(\..*|#.*|.*~|.*\.md)")
"""Files that may stand beside them: notes, hidden files, and files that editors leave."""


def load(root: Path, config: dict[str, Any]) -> Catalog:
    """Read and check the catalog under a root folder, with a configuration.

    Raises UserError.
    """
    folder = root / "catalog"
    _check_files(folder)
    schemas = {
        path.stem.removesuffix(".schema"): read_yaml(path, f"catalog/schemas/{path.name}")
        for path in (folder / "schemas").glob("*.schema.yaml")
    }
    check(config, schemas["config"], "config")
    check_folder("results", config["results"], write=True)
    check_folder("downloads", config["downloads"], write=False)  # others may have filled it
    check_models(config)
    datasets = _read(folder / "datasets.yaml", root, datasets_schema(schemas["datasets"]))
    catalog = Catalog(config, datasets, shipped=shipped.read(root, schemas["shipped"]))
    for path in sorted(folder.glob("*/paper.yaml")):
        _add_paper(catalog, path.parent, root, schemas)
    explored.add(catalog, config, root, schemas["study"], NAME)
    written = {name: study["scales"] for name, study in catalog.studies.items()}
    for name, study in catalog.studies.items():
        study["scales"] = _alike(name, written, catalog.file_of(name))
        catalog.written[name] = {scale: {**setting} for scale, setting in study["scales"].items()}
        for scale, setting in study["scales"].items():
            if outside.is_outside(setting):
                file, key = catalog.file_of(name), f"scales.{scale}"
                study["scales"][scale] = outside.setting(setting, schemas["study"], file, key)
    datasets |= user_data.entries(config, datasets, catalog.studies)
    for name, study in catalog.studies.items():
        for scale, setting in study["scales"].items():
            file, key = catalog.file_of(name), f"scales.{scale}"
            check_setting(setting, schemas["study"], datasets, file, key)
    catalog.weights.update(weights.resolve(config, catalog.studies))
    for name, study in catalog.studies.items():
        for setting in study["scales"].values():
            file = catalog.file_of(name)
            weights.check_fits(config, catalog.weights, datasets, setting, file)
    _fork(catalog)
    explored.draw(catalog, config)
    check_shown(catalog)
    check_claims(catalog, schemas["claims"])
    check_coverage(catalog)
    check_chosen(catalog)
    _cut(catalog)
    return catalog


def _check_files(folder: Path) -> None:
    """Check that every file of the catalog's folder is read, so that a misspelt name is noticed."""
    paths = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    for path in (path for path in paths if not BESIDE.fullmatch(path.as_posix())):
        first, *more = path.parts
        paper = bool(more) and first not in ("data", "schemas")
        if paper and not (folder / first / "paper.yaml").exists():
            line = f"catalog/{first}: paper.yaml is missing beside {'/'.join(more)}"
            raise UserError(f"{line}; allowed: a paper's folder with paper.yaml")
        if not READ.fullmatch(path.as_posix()):
            raise UserError(
                f"catalog/{path.as_posix()} is not read; allowed: datasets.yaml, and in a paper's "
                "folder paper.yaml, figures.yaml, tables.yaml, claims.yaml, studies/*.yaml, "
                "published/*.csv; notes must end in .md"
            )


def _read(path: Path, root: Path, schema: dict[str, Any]) -> Any:
    file = path.relative_to(root).as_posix()
    content = read_yaml(path, file)
    check(content, schema, file)
    return content


def _add_paper(catalog: Catalog, folder: Path, root: Path, schemas: dict[str, dict]) -> None:
    """Add what a paper's folder contains. Only paper.yaml is required."""

    def read(name: str, empty: Any) -> Any:
        path = folder / f"{name}.yaml"
        return _read(path, root, schemas[name]) if path.exists() else empty

    paper, where = folder.name, folder.relative_to(root).as_posix()
    check(paper, NAME, "catalog", f"the folder {paper}")
    about = dict(read("paper", {}))
    catalog.papers[paper] = about.pop("heading")
    catalog.about[paper] = about
    studies = {}
    for path in sorted((folder / "studies").glob("[!.]*.yaml")):
        check(path.stem, NAME, f"{where}/studies", f"the name of {path.name}")
        studies[path.stem] = _read(path, root, schemas["study"])
    figures = written_out(read("figures", {}), f"{where}/figures.yaml")
    for known, entries, files in (
        (catalog.studies, studies, "studies/{}.yaml"),
        (catalog.figures, figures, "figures.yaml"),
        (catalog.tables, read("tables", {}), "tables.yaml"),
    ):
        for name, entry in entries.items():
            if name in known:
                file = f"{where}/{files.format(name)}"
                other = f"catalog/{known[name]['paper']}"
                raise UserError(f"{file}: {name} is also in {other}; allowed: another name")
            known[name] = {"paper": paper} | entry
    claims = read("claims", {"claims": []})["claims"]
    catalog.claims.extend({"paper": paper} | claim for claim in claims)


def _alike(name: str, written: dict[str, dict], file: str) -> dict[str, dict[str, Any]]:
    """The settings of a study by scale.

    A setting with ``like`` is the setting of that other study, with its own keys laid over it.
    """
    settings = {}
    for scale, setting in written[name].items():
        if "like" in setting:
            others = {other: scales.get(scale, {}) for other, scales in written.items()}
            whole = [other for other, found in others.items() if found and "like" not in found]
            check(setting["like"], {"enum": whole}, file, f"scales.{scale}.like")
            own = {key: value for key, value in setting.items() if key != "like"}
            setting = grid.laid_over(others[setting["like"]], own)
        settings[scale] = setting
    return settings


def _fork(catalog: Catalog) -> None:
    """Find the runs from which others fork."""
    forking = [
        (name, scale)
        for name, study in catalog.studies.items()
        for scale, setting in study["scales"].items()
        if any("fork" in member for member in grid.members(setting))
    ]
    for name, scale in forking:
        forks.resolve(catalog.studies, name, scale, catalog.file_of(name))
    for name, scale in forking:
        setting = catalog.setting(name, scale)
        of = {member["fork"]["study"] for member in grid.members(setting) if "fork" in member}
        runs = {
            spec.run_id(run): run
            for other in of
            for run in grid.specs(catalog.setting(other, scale))
        }
        forks.check_forks(setting, runs, catalog.file_of(name), f"scales.{scale}")


def _cut(catalog: Catalog) -> None:
    """Give every run a pack. A run that studies share belongs to the pack of the oldest study."""
    owner = catalog.owners
    ordered = sorted(catalog.studies, key=lambda name: (catalog.studies[name]["added"], name))
    for name in ordered:
        for scale, setting in catalog.studies[name]["scales"].items():
            held = []
            for runs in _blocks(setting, catalog.config):
                ids = {spec.run_id(run): run for run in runs}
                if new := {id_: run for id_, run in ids.items() if id_ not in owner}:
                    pack = packs.pack_of(new.values())
                    pack_id = spec.pack_id(pack)
                    catalog.packs[pack_id] = pack
                    owner |= dict.fromkeys(new, pack_id)
                held += [owner[id_] for id_ in ids]
            catalog.members[name, scale] = list(dict.fromkeys(held))


def _blocks(setting: dict[str, Any], config: dict[str, Any]) -> Iterator[list[Spec]]:
    """The runs of a study's grids, divided into blocks of the size of one pack.

    The size is set for the model and the device in ``packs``, and by ``pack`` in the study.
    """
    device = config["device"].partition(":")[0]
    for member in grid.members(setting):
        template = grid.template(member)
        block = config["packs"].get(member["model"]["name"], {}).get(device, {})
        block = block | setting.get("pack", {})
        for cells in packs.cut_packs(member["grid"], block):
            yield [grid.resolved(spec.replaced(template, values)) for values in cells]
