# What figures and verdicts are made from and called with, by their wildcards.


def figure_files(scale):
    """The files of every figure chosen for a scale."""
    return [
        f"{RESULTS}/{scale}/figures/{name}.{kind}"
        for name in CATALOG.chosen_figures(scale)
        for kind in ("pdf", "png", "csv")
    ]


def figure_tables(wildcards):
    """The tables a figure is drawn from, by name."""
    entry = CATALOG.figures[wildcards.figure]
    table = study_table(entry["study"], wildcards.scale)
    files = {
        "table": table,
        "beside": [study_table(study, wildcards.scale) for study in entry.get("beside", [])],
        "margins": table.replace(".parquet", ".margins.parquet"),
        "published": f"catalog/published/{wildcards.figure}.csv",
    }
    return {name: files[name] for name in entry["tables"]}


def flat(values):
    """Files, and lists of files, as one list."""
    return [file for value in values for file in (value if isinstance(value, list) else [value])]


def figure_options(wildcards):
    """What the catalog sets of a figure's options for a scale."""
    return CATALOG.figures[wildcards.figure].get("arguments", {}).get(wildcards.scale, {})


def named(values):
    """Words ``name=value``; several files are one word, separated by commas."""
    joined = {n: ",".join(v) if isinstance(v, list) else v for n, v in values.items()}
    return [f"{name}={value}" for name, value in joined.items()]


def flags(values):
    return [f"--{word}" for word in named(values)]


def figure_study(wildcards):
    """The setting that a figure is of, or several by the names of their studies."""
    studies = catalog.studies_of(CATALOG.figures[wildcards.figure])
    settings = {study: CATALOG.setting(study, wildcards.scale) for study in studies}
    return spec.canonical(settings if len(settings) > 1 else settings[studies[0]])


def figure_packs(wildcards):
    """The folders of the packs that a figure's data are of."""
    studies = catalog.studies_of(CATALOG.figures[wildcards.figure])
    packs = [pack for study in studies for pack in CATALOG.packs_of(study, wildcards.scale)]
    return [f"{RESULTS}/packs/{pack}" for pack in dict.fromkeys(packs)]


@functools.cache
def note(scale, *studies):
    """What was run: of studies that many figures are of, told once."""
    return CATALOG.note(studies, scale)


def figure_note(wildcards):
    return note(wildcards.scale, *catalog.studies_of(CATALOG.figures[wildcards.figure]))


def script(figure):
    """The program of scripts/figures that draws a figure: of its name, or one that several share."""
    return CATALOG.figures[figure].get("script", figure)


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
    return "; ".join(f"{study}: {note(wildcards.scale, study)}" for study in studies)
