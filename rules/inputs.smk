# What a job is made from and called with, by its wildcards.
import functools


def code(module):
    """The project's files that a program is made of; here, wherever results are stored."""
    return [local(file) for file in imports.sources(module, ROOT)]


def data_code(wildcards):
    """The files of the program that prepares data, and of the reader of the set's kind."""
    data_folder(wildcards)
    reader = f"latephase.datasets.{CATALOG.datasets[wildcards.dataset]['kind']}"
    return sorted({*code("scripts.prepare_data"), *code(reader)})


def data_npz(wildcards):
    """The file of a set of kind npz: a user's own, or one that comes with the catalog."""
    if CATALOG.datasets[wildcards.dataset]["kind"] != "npz":
        return []
    return config["npz"].get(wildcards.dataset, f"catalog/data/{wildcards.dataset}.npz")


def data_folder(wildcards):
    """The user's folder of a set's images; of other sets nothing."""
    if CATALOG.datasets[wildcards.dataset]["kind"] != "folder":
        return ""
    try:
        return str(own_data.folder(config, wildcards.dataset))
    except UserError as error:
        sys.exit(f"error: {error}")


@functools.cache
def listing(folder):
    return folder_header.listing(folder)


def data_listing(wildcards):
    """Tells apart what a user's folder holds, by its names; of other sets nothing."""
    folder = data_folder(wildcards)
    return listing(folder) if folder else ""


def pack_spec(wildcards):
    return CATALOG.packs[wildcards.pack]


def pack_data(wildcards):
    """The data set that a pack is trained on."""
    return f"{RESULTS}/data/{pack_spec(wildcards)['common']['data']['name']}.safetensors"


def pack_inputs_code(wildcards):
    """The codes of the inputs that a pack's runs see."""
    entry = pack_spec(wildcards)["common"]["data"]
    return f"{RESULTS}/data/{entry['name']}-{spec.digest(entry)}.code.safetensors"


@functools.cache
def code_digest(*modules):
    """Tells apart what is computed by programs and parts of these names."""
    return imports.program(modules, ROOT)


def pack_code(module):
    """A digest of a program and of the parts that the pack at hand is made of.

    A pack's jobs have it for a param, and no files of code for inputs. Those would be two dozen
    a job: a third of the time and of the memory that planning thousands of packs takes.
    """

    def digest(wildcards):
        named = parts.modules(pack_spec(wildcards)["common"])
        own = [f"latephase.metrics.{wildcards.metric}"] if "metric" in wildcards.keys() else []
        return code_digest(module, *own, *named)

    return digest


def study_table(study, scale):
    return f"{RESULTS}/{scale}/studies/{study}.parquet"


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
    about = {*grid.NOT_OF_A_RUN} - {"grid", "grids"}
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
