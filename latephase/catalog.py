"""The catalog: studies, figures, claims and data sets, read from YAML and checked whole.

Imported by the Snakefile: no torch, no pandas. Whatever a user got wrong is a
:class:`UserError` before any job starts.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from latephase import parts, spec
from latephase.errors import UserError
from latephase.schema import check
from latephase.spec import Spec

SCALES = ("quick", "paper")


@dataclass(frozen=True)
class Catalog:
    """Everything there is to make, under one configuration."""

    config: dict[str, Any]
    datasets: dict[str, dict]
    studies: dict[str, dict]
    figures: dict[str, dict]
    claims: list[dict]
    packs: dict[str, Spec] = field(default_factory=dict)
    """Every pack by its id."""
    members: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The packs that hold the runs of a (study, scale)."""

    def setting(self, study: str) -> dict[str, Any]:
        """What a study is at the configured scale."""
        return self.studies[study]["scales"][self.config["scale"]]

    def packs_of(self, study: str) -> list[str]:
        """The packs that hold a study's runs at the configured scale."""
        return self.members[study, self.config["scale"]]

    def packs_holding(self, study: str, values: dict[str, Any]) -> list[str]:
        """The packs of a study that hold runs with the given values on its axes."""
        ids = {spec.run_id(run) for run in specs(self.setting(study), values)}
        return [
            pack
            for pack in self.packs_of(study)
            if ids & {spec.run_id(run) for run in spec.runs_of(self.packs[pack])}
        ]

    def note(self, study: str) -> str:
        """What was run, in a line: data set, variant, sizes, steps, seeds, scale."""
        setting = self.setting(study)
        data, seeds = setting["data"], setting["grid"].get("seed", [setting.get("seed")])
        entry = self.datasets[data["name"]]
        size = data.get("train_size", entry["train"])
        return (
            f"{data['name']} ({entry['variant']}), n = {size:,}, {setting['steps']:,} steps, "
            f"{len(seeds)} seed{'s' * (len(seeds) != 1)}, scale {self.config['scale']}"
        )

    def chosen_figures(self) -> list[str]:
        """The figures that the configuration asks for and that its scale has."""
        chosen = self.config["figures"]
        names = list(self.figures) if chosen == "all" else chosen
        return [name for name in names if self.has_scale(self.figures[name]["study"])]

    def chosen_claims(self) -> list[dict]:
        """The claims whose study has the configured scale."""
        return [claim for claim in self.claims if self.has_scale(claim["study"])]

    def has_scale(self, study: str) -> bool:
        """Whether a study is defined at the configured scale."""
        return self.config["scale"] in self.studies[study]["scales"]


def read_yaml(path: Path) -> Any:
    """A YAML file's content, or one line that says where it is not YAML."""
    try:
        return yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        where = f" at line {mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
        raise UserError(f"{path}: not YAML{where}: {getattr(error, 'problem', error)}") from None


def load(root: Path, config: dict[str, Any]) -> Catalog:
    """Read and check the catalog under a root folder with a configuration."""
    folder = root / "catalog"
    schemas = {
        path.stem.removesuffix(".schema"): read_yaml(path)
        for path in (folder / "schemas").glob("*.schema.yaml")
    }
    check(config, schemas["config"], "config")
    contents = {}
    for name in ("datasets", "figures", "claims"):
        contents[name] = read_yaml(folder / f"{name}.yaml")
        check(contents[name], schemas[name], f"catalog/{name}.yaml")
    datasets = contents["datasets"] | _user_datasets(config, contents["datasets"])
    studies = {}
    for path in sorted((folder / "studies").glob("*.yaml")):
        study, file = read_yaml(path), str(path.relative_to(root))
        check(study, schemas["study"], file)
        for scale, setting in study["scales"].items():
            _check_setting(setting, datasets, file, f"scales.{scale}")
        studies[path.stem] = study
    catalog = Catalog(config, datasets, studies, contents["figures"], contents["claims"]["claims"])
    _check_references(catalog)
    _cut(catalog)
    return catalog


def _user_datasets(config: dict[str, Any], known: dict[str, dict]) -> dict[str, dict]:
    entries = {}
    for name, path in config["npz"].items():
        if name in known:
            raise UserError(f"config: npz.{name} is the name of a shipped data set; choose another")
        from latephase.datasets.npz_header import npz_sizes

        entries[name] = npz_sizes(path)
    return entries


def _check_references(catalog: Catalog) -> None:
    """Every study that a figure, a claim or the configuration names must exist."""
    known = f"allowed: {', '.join(sorted(catalog.studies))}"
    for name, figure in catalog.figures.items():
        if figure["study"] not in catalog.studies:
            value = figure["study"]
            raise UserError(f"catalog/figures.yaml: {name}.study is {value!r}; {known}")
        if "margins" in figure["tables"]:
            for scale, setting in catalog.studies[figure["study"]]["scales"].items():
                if "margins" not in setting:
                    raise UserError(
                        f"catalog/studies/{figure['study']}.yaml: scales.{scale}.margins is "
                        f"missing; figure {name} draws them"
                    )
    for claim in catalog.claims:
        if claim["study"] not in catalog.studies:
            raise UserError(
                f"catalog/claims.yaml: {claim['id']}.study is {claim['study']!r}; {known}"
            )
    if catalog.config["figures"] != "all":
        for name in catalog.config["figures"]:
            if name not in catalog.figures:
                allowed = ", ".join(catalog.figures)
                raise UserError(f"config: figures names {name!r}; allowed: all, {allowed}")


def _check_setting(setting: dict, datasets: dict[str, dict], file: str, key: str) -> None:
    """Check what the static schema of a study cannot: parts, grid values, sizes, steps."""
    axes = setting["grid"]
    first = {path: values[0] for path, values in axes.items()}
    for path in first:
        parent = path.rpartition(".")[0]
        if path != "seed" and parent and not spec.has(setting, parent):
            raise UserError(f"{file}: {key}.grid.{path} is not a known key of a spec")
    base = spec.replaced(_template(setting), first)
    _check_spec(base, datasets, file, key)
    for path, values in axes.items():
        for i, value in enumerate(values):
            try:
                _check_spec(spec.replaced(base, {path: value}), datasets, file, key)
            except UserError as error:
                line = str(error).replace(f"{key}.{path}", f"{key}.grid.{path}[{i}]")
                raise UserError(line) from None
    margins = setting.get("margins")
    if margins:
        saved = spec.checkpoint_steps(setting["steps"], setting["checkpoints"])
        for path, value in margins["runs"].items():
            if value not in axes.get(path, []):
                raise UserError(
                    f"{file}: {key}.margins.runs.{path} is {value!r}; "
                    f"allowed: {', '.join(map(str, axes.get(path, ['an axis of the grid'])))}"
                )
        if max(margins["steps"]) > saved[-1]:
            raise UserError(
                f"{file}: {key}.margins.steps is {margins['steps']}; allowed: at most {saved[-1]}"
            )


def _template(setting: dict[str, Any]) -> Spec:
    return {key: value for key, value in setting.items() if key not in ("grid", "margins")}


def _check_spec(run: Spec, datasets: dict[str, dict], file: str, key: str) -> None:
    name = run["data"]["name"]
    if name not in datasets:
        raise UserError(
            f"{file}: {key}.data.name is {name!r}; allowed: {', '.join(sorted(datasets))}, "
            "or one named under npz in config.yaml"
        )
    for split in ("train", "test"):
        size, limit = run["data"].get(f"{split}_size"), datasets[name][split]
        if size is not None and size > limit:
            raise UserError(
                f"{file}: {key}.data.{split}_size is {size}; allowed: at most {limit} ({name})"
            )
    for kind in parts.KINDS:
        entry = run[kind]
        check(entry.get("name"), {"enum": parts.names(kind)}, file, f"{key}.{kind}.name")
        check(entry, parts.schema(kind, entry["name"]), file, f"{key}.{kind}")
    if "seed" not in run:
        raise UserError(f"{file}: {key}.grid.seed is missing; it must be given")
    for path in ("seed", "batch_size", "steps"):
        least = {"type": "integer", "minimum": int(path != "seed")}
        check(run[path], least, file, f"{key}.{path}")
    if run["batch_size"] > (size := run["data"].get("train_size") or datasets[name]["train"]):
        raise UserError(
            f"{file}: {key}.batch_size is {run['batch_size']}; "
            f"allowed: at most the training set's size, {size}"
        )


def specs(setting: dict[str, Any], only: dict[str, Any] | None = None) -> list[Spec]:
    """The full specs of a checked setting's runs, in the order of its grid.

    ``only`` keeps the runs with these values on the axes it names.
    """
    axes = setting["grid"] | {path: [value] for path, value in (only or {}).items()}
    template = _template(setting)
    return [
        resolved(spec.replaced(template, values)) for _, values in spec.grid_points(axes)
    ]


def resolved(run: Spec) -> Spec:
    """A run's spec with every default filled in and every number of one type."""
    filled = dict(run)
    for kind in parts.KINDS:
        entry = {"name": run[kind]["name"]}
        for name, rule in parts.parameters(kind, entry["name"]).items():
            value = run[kind].get(name, rule.get("default"))
            entry[name] = float(value) if rule.get("type") == "number" else value
        filled[kind] = entry
    filled["data"] = {
        name: float(value) if isinstance(value, int) and name in ("mean", "std") else value
        for name, value in run["data"].items()
    }
    return filled


def _cut(catalog: Catalog) -> None:
    """Give every run a pack. A run that studies share belongs to the pack of the oldest."""
    device = catalog.config["device"].partition(":")[0]
    owner: dict[str, str] = {}
    ordered = sorted(catalog.studies, key=lambda name: (catalog.studies[name]["added"], name))
    for name in ordered:
        for scale, setting in catalog.studies[name]["scales"].items():
            template = _template(setting)
            block = catalog.config["packs"].get(setting["model"]["name"], {}).get(device, {})
            members = []
            for cells in spec.cut_packs(setting["grid"], block):
                runs = [resolved(spec.replaced(template, values)) for values in cells]
                ids = [spec.run_id(run) for run in runs]
                new = [run for run, run_id in zip(runs, ids, strict=True) if run_id not in owner]
                if new:
                    pack = spec.pack_of(new)
                    catalog.packs[spec.pack_id(pack)] = pack
                    owner |= dict.fromkeys(map(spec.run_id, new), spec.pack_id(pack))
                members += [owner[run_id] for run_id in ids]
            catalog.members[name, scale] = list(dict.fromkeys(members))
