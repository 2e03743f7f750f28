# What a job is made from and called with, by its wildcards.
import functools


def code(module):
    """The project's files that a program is made of."""
    return imports.sources(module, ROOT)


def data_code(wildcards):
    """The files of the program that prepares data, and of the reader of the set's kind."""
    reader = f"latephase.datasets.{CATALOG.datasets[wildcards.dataset]['kind']}"
    return sorted({*code("scripts.prepare_data"), *code(reader)})


def pack_spec(wildcards):
    return CATALOG.packs[wildcards.pack]


def pack_data(wildcards):
    """The data set that a pack is trained on."""
    return f"{RESULTS}/data/{pack_spec(wildcards)['common']['data']['name']}.safetensors"


@functools.cache
def code_digest(*modules):
    """Tells apart what is computed by programs and parts of these names."""
    return imports.digest({file for name in modules for file in code(name)}, ROOT)


def pack_code(module):
    """A digest of a program and of the parts that the pack at hand is made of.

    A pack's jobs have it for a param, and no files of code for inputs. Those would be two dozen
    a job: a third of the time and of the memory that planning thousands of packs takes.
    """

    def digest(wildcards):
        common = pack_spec(wildcards)["common"]
        named = (parts.module(kind, common[kind]["name"]) for kind in parts.KINDS)
        own = [f"latephase.metrics.{wildcards.metric}"] if "metric" in wildcards.keys() else []
        return code_digest(module, *own, *named)

    return digest


def study_table(study, scale):
    return f"{RESULTS}/{scale}/studies/{study}.parquet"


def figure_files(scale):
    """The files of every figure chosen for a scale."""
    return [
        f"{RESULTS}/{scale}/figures/{name}.{kind}"
        for name in CATALOG.chosen_figures(scale)
        for kind in ("pdf", "png", "csv")
    ]


def pack_files(wildcards, tables):
    """One table of each kind for every pack of a study."""
    return [
        f"{RESULTS}/packs/{pack}/{table}.parquet"
        for table in tables
        for pack in CATALOG.packs_of(wildcards.study, wildcards.scale)
    ]


def study_families(wildcards):
    """The tables of metrics that a study's runs have."""
    setting = CATALOG.setting(wildcards.study, wildcards.scale)
    return [*families.FAMILIES, *setting.get("metrics", [])]


def study_runs(wildcards):
    """What decides which runs are a study's; its title, metrics and margins are not in it."""
    setting = CATALOG.setting(wildcards.study, wildcards.scale)
    about = ("margins", "metrics")
    return spec.canonical({key: value for key, value in setting.items() if key not in about})


def study_margins(wildcards):
    return spec.canonical(CATALOG.setting(wildcards.study, wildcards.scale)["margins"])


def margin_data(wildcards):
    """The data set of the runs whose margins a study wants."""
    setting = CATALOG.setting(wildcards.study, wildcards.scale)
    run = grid.specs(setting, setting["margins"]["runs"])[0]
    return f"{RESULTS}/data/{run['data']['name']}.safetensors"


def margin_packs(wildcards):
    """The folders of the packs that hold the runs whose margins a study wants."""
    study, scale = wildcards.study, wildcards.scale
    runs = CATALOG.setting(study, scale)["margins"]["runs"]
    return [f"{RESULTS}/packs/{pack}" for pack in CATALOG.packs_holding(study, scale, runs)]


def figure_tables(wildcards):
    """The tables a figure is drawn from, by name."""
    entry = CATALOG.figures[wildcards.figure]
    table = study_table(entry["study"], wildcards.scale)
    files = {"table": table, "margins": table.replace(".parquet", ".margins.parquet")}
    return {name: files[name] for name in entry["tables"]}


def figure_options(wildcards):
    """What the catalog sets of a figure's options for a scale."""
    return CATALOG.figures[wildcards.figure].get("arguments", {}).get(wildcards.scale, {})


def named(values):
    return [f"{name}={value}" for name, value in values.items()]


def figure_arguments(wildcards):
    """How a figure's script is called: its tables, and what the catalog sets for the scale."""
    return [f"--{word}" for word in named(figure_tables(wildcards) | figure_options(wildcards))]


def figure_study(wildcards):
    study = CATALOG.figures[wildcards.figure]["study"]
    return spec.canonical(CATALOG.setting(study, wildcards.scale))


def figure_packs(wildcards):
    """The folders of the packs that a figure's data are of."""
    study = CATALOG.figures[wildcards.figure]["study"]
    return [f"{RESULTS}/packs/{pack}" for pack in CATALOG.packs_of(study, wildcards.scale)]


@functools.cache
def note(study, scale):
    """What was run: of a study that many figures are of, told once."""
    return CATALOG.note(study, scale)


def figure_note(wildcards):
    return note(CATALOG.figures[wildcards.figure]["study"], wildcards.scale)


def heading(figure):
    """Where a figure stands in the report."""
    return CATALOG.papers[CATALOG.figures[figure]["paper"]]


def title(figure):
    return CATALOG.figures[figure]["title"]


def claimed_studies(scale):
    """The studies that the claims at a scale ask about."""
    return sorted({claim["study"] for claim in CATALOG.chosen_claims(scale)})


def claimed_tables(wildcards):
    return [study_table(study, wildcards.scale) for study in claimed_studies(wildcards.scale)]


def claims_code(wildcards):
    """The files of the program that judges, and of each paper's statistics."""
    papers = {claim["paper"] for claim in CATALOG.chosen_claims(wildcards.scale)}
    named = {"scripts.evaluate_claims", *(f"latephase.claims.{paper}" for paper in papers)}
    return sorted({file for name in named for file in code(name)})


def claims_note(wildcards):
    studies = claimed_studies(wildcards.scale)
    return "; ".join(f"{study}: {note(study, wildcards.scale)}" for study in studies)
