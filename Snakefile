"""latephase: from raw data to figures, tables, verdicts and a report. See README.md."""

import gc

from snakemake.utils import min_version

min_version("9.27")

# Planning makes millions of objects and no garbage. Looking for garbage takes a seventh of the time.
# A workflow that uses this one as a module does not run onstart, which looks for garbage again.
if workflow.modifier.is_main_snakefile():
    gc.disable()


configfile: "config.yaml"


include: "rules/places.smk"
include: "rules/common.smk"
include: "rules/hooks.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/outside.smk"
include: "rules/metrics.smk"
include: "rules/aggregate.smk"
include: "rules/figures.smk"
include: "rules/tables.smk"
include: "rules/claims.smk"
include: "rules/report.smk"
include: "rules/gallery.smk"
include: "rules/explorer.smk"


report: "report/workflow.rst"


# Rules that are light, or that need the network, which a node may not have.
localrules:
    all,
    figures,
    tables,
    studies,
    prepare_data,
    aggregate,
    claims,
    claims_of_paper,
    figure,
    table,
    bundle,
    report,


rule all:
    """Figures, tables, verdicts, the report and the gallery, at the configured scale."""
    default_target: True
    input:
        [f"{RESULTS}/{config['scale']}/claims.{kind}" for kind in ("csv", "html")],
        [f"{RESULTS}/{config['scale']}/{page}.html" for page in ("report", "index")],
        all_figures,
        TARGETS.tables(config["scale"]),
    message:
        "all figures, tables, verdicts, the report and the gallery"


rule figures:
    """Every chosen figure."""
    input:
        all_figures,


rule tables:
    """Every table of a paper, with its values beside ours."""
    input:
        TARGETS.tables(config["scale"]),


rule studies:
    """The data of every study."""
    input:
        all_studies,


checkpoint planned_whole:
    """Never run. Because of this checkpoint, a submitted job is planned with what comes before it.

    Without it, the job sees its own rule alone. Then its results have another key in the cache than
    those of a local job, or none, since a folder that no job of the plan makes has no checksum.
    """
    output:
        f"{RESULTS}/never",
