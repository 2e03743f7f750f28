# What the other files share: the catalog, where things lie, and what each job is made of.
# Bindings only; the logic is in latephase/catalog.py and latephase/spec.py.
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))

from latephase import catalog, imports, parts, spec
from latephase.errors import UserError
from scripts import summary

try:
    CATALOG = catalog.load(ROOT, config)
except UserError as error:
    sys.exit(f"error: {error}")

RESULTS = config["results"]
STUDIES = f"{RESULTS}/{config['scale']}/studies"
FIGURES = f"{RESULTS}/{config['scale']}/figures"
FAMILIES = ["collapse", "nc0", "flatness", "information"]
# The headings of the report. No colons: they become reStructuredText link names.
PAPERS = {
    "han2025": "Han et al. 2025, flatness",
    "sakamoto2026": "Sakamoto & Sato 2026, grokking and compression",
    "zhao2026": "Zhao et al. 2026, optimizers",
    "atlas": "Atlas, all metrics on the same checkpoints",
}


wildcard_constraints:
    dataset="[a-z0-9_]+",
    pack="[a-z0-9_]+-[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{12}",
    study="|".join(study for study in CATALOG.studies if CATALOG.has_scale(study)),
    figure="|".join(CATALOG.figures),


def code(module):
    """The project's files that a program is made of."""
    return imports.sources(module, ROOT)


def pack_spec(wildcards):
    return CATALOG.packs[wildcards.pack]


def pack_data(wildcards):
    """The data set that a pack is trained on."""
    return f"{RESULTS}/data/{pack_spec(wildcards)['common']['data']['name']}.safetensors"


def pack_code(module):
    """The files of a program, and of the parts that the pack at hand is made of."""

    def files(wildcards):
        common = pack_spec(wildcards)["common"]
        named = {parts.module(kind, common[kind]["name"]) for kind in parts.KINDS}
        return sorted({file for name in {module, *named} for file in code(name)})

    return files


def study_table(study):
    return f"{STUDIES}/{study}.parquet"


def figure_files(names):
    return [f"{FIGURES}/{name}.{kind}" for name in names for kind in ("pdf", "png", "csv")]


def pack_files(study, tables):
    """One table of each kind for every pack of a study."""
    return [
        f"{RESULTS}/packs/{pack}/{table}.parquet"
        for table in tables
        for pack in CATALOG.packs_of(study)
    ]


def study_setting(study):
    """What decides a study's tables; its title is not in it."""
    return spec.canonical(CATALOG.setting(study))


def setting_data(study):
    return f"{RESULTS}/data/{CATALOG.setting(study)['data']['name']}.safetensors"


def margin_packs(study):
    """The folders of the packs that hold the runs whose margins a study wants."""
    packs = CATALOG.packs_holding(study, CATALOG.setting(study)["margins"]["runs"])
    return [f"{RESULTS}/packs/{pack}" for pack in packs]


def figure_tables(figure):
    """The tables a figure is drawn from, by name."""
    entry = CATALOG.figures[figure]
    files = {"table": study_table(entry["study"])}
    files["margins"] = f"{STUDIES}/{entry['study']}.margins.parquet"
    return {name: files[name] for name in entry["tables"]}


def figure_arguments(figure):
    """How a figure's script is called: its tables, and what the catalog sets for the scale."""
    own = CATALOG.figures[figure].get("arguments", {}).get(config["scale"], {})
    return [f"--{name} {value}" for name, value in (figure_tables(figure) | own).items()]


def heading(figure):
    """Where a figure stands in the report."""
    return PAPERS[CATALOG.figures[figure]["paper"]]


def title(figure):
    return CATALOG.figures[figure]["title"]


def claimed_studies():
    """The studies that the claims at this scale ask about."""
    return sorted({claim["study"] for claim in CATALOG.chosen_claims()})
