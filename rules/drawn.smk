# What figures and tables are made from and called with, by their wildcards.


def figure_files(scale):
    """The files of every figure chosen for a scale."""
    return [
        f"{RESULTS}/{scale}/figures/{name}.{kind}"
        for name in CATALOG.chosen_figures(scale)
        for kind in ("pdf", "png", "csv")
    ]


def table_files(scale):
    """The files of every table that a scale has."""
    return [
        f"{RESULTS}/{scale}/tables/{name}.{kind}"
        for name in CATALOG.chosen_tables(scale)
        for kind in ("csv", "html")
    ]


@functools.cache
def all_there_is(scale):
    """Say once, to who asks for all there is at a scale, what of it cannot be had."""
    if told := CATALOG.left_out(scale):
        logger.warning(told)


def all_figures(wildcards):
    """The files of every figure chosen for the configured scale."""
    if config["figures"] == "all":
        all_there_is(config["scale"])
    return figure_files(config["scale"])


def all_studies(wildcards):
    """The tables of every study of the configured scale."""
    all_there_is(config["scale"])
    return [study_table(name, config["scale"]) for name in CATALOG.chosen_studies(config["scale"])]


def shown(wildcards):
    """The figure or the table at hand: its name, and its entry in the catalog."""
    if "table" in wildcards.keys():
        return wildcards.table, CATALOG.tables[wildcards.table]
    return wildcards.figure, CATALOG.figures[wildcards.figure]


def shown_tables(wildcards):
    """The tables a figure is drawn from, or a table made from, by name."""
    name, entry = shown(wildcards)
    study, *beside = CATALOG.studies_of(entry, wildcards.scale)
    table = study_table(study, wildcards.scale)
    files = {
        "table": table,
        "beside": [study_table(study, wildcards.scale) for study in beside],
        "margins": table.replace(".parquet", ".margins.parquet"),
        "published": f"catalog/published/{entry.get('published', name)}.csv",
    }
    return {name: files[name] for name in entry["tables"]}


def flat(values):
    """Files, and lists of files, as one list."""
    return [file for value in values for file in (value if isinstance(value, list) else [value])]


def shown_options(wildcards):
    """What the catalog sets of a program's options for a scale."""
    _, entry = shown(wildcards)
    arguments = entry.get("arguments", {})
    return arguments.get("both", {}) | arguments.get(wildcards.scale, {})


def named(values):
    """Words ``name=value``; several files are one word, separated by commas."""
    joined = {n: ",".join(v) if isinstance(v, list) else v for n, v in values.items()}
    return [f"{name}={value}" for name, value in joined.items()]


def flags(values):
    return [f"--{word}" for word in named(values)]


def figure_study(wildcards):
    """The setting that a figure is of, or several by the names of their studies."""
    studies = CATALOG.studies_of(CATALOG.figures[wildcards.figure], wildcards.scale)
    settings = {study: CATALOG.setting(study, wildcards.scale) for study in studies}
    return spec.canonical(settings if len(settings) > 1 else settings[studies[0]])


def figure_packs(wildcards):
    """The folders of the packs that a figure's data are of."""
    studies = CATALOG.studies_of(CATALOG.figures[wildcards.figure], wildcards.scale)
    packs = [pack for study in studies for pack in CATALOG.packs_of(study, wildcards.scale)]
    return [f"{RESULTS}/packs/{pack}" for pack in dict.fromkeys(packs)]


@functools.cache
def note(scale, *studies):
    """What was run: of studies that many figures are of, told once."""
    return CATALOG.note(studies, scale)


def shown_note(wildcards):
    _, entry = shown(wildcards)
    return note(wildcards.scale, *CATALOG.studies_of(entry, wildcards.scale))


def shown_as(wildcards):
    """The one label in the report.

    Of two, the report of two figures makes a switch, and breaks; and figures and tables, which
    stand under one heading, are one column.
    """
    name, entry = shown(wildcards)
    return {"figure or table": f"{name}: {entry['title']}"}


def script(wildcards):
    """The program that makes what is shown: of its name, or one that several share."""
    name, entry = shown(wildcards)
    return entry.get("script", name)


def heading(wildcards):
    """Where it stands in the report."""
    _, entry = shown(wildcards)
    return CATALOG.papers[entry["paper"]]


def titles(scale):
    """What the report says of its figures and tables that their files do not."""
    chosen = [CATALOG.figures[name] for name in CATALOG.chosen_figures(scale)]
    chosen += [CATALOG.tables[name] for name in CATALOG.chosen_tables(scale)]
    return [f"{CATALOG.papers[entry['paper']]}: {entry['title']}" for entry in chosen]
