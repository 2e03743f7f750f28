"""latephase: from raw data to figures, verdicts and a report. See README.md."""

import gc

from snakemake.utils import min_version

min_version("9.27")

# Planning makes millions of objects and no garbage: to look for it takes a seventh of the time.
gc.disable()


onstart:
    gc.freeze()
    gc.enable()


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/inputs.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/metrics.smk"
include: "rules/aggregate.smk"
include: "rules/figures.smk"
include: "rules/claims.smk"
include: "rules/report.smk"


report: "report/workflow.rst"


onsuccess:
    summary.main([f"{RESULTS}/{scale}" for scale in catalog.SCALES])


# Light, or in need of what a node may not have, the network.
localrules:
    all,
    figures,
    studies,
    prepare_data,
    aggregate,
    claims,
    figure,
    bundle,
    report,


rule all:
    """Figures, verdicts and the report, at the configured scale."""
    default_target: True
    input:
        expand(rules.claims.output, scale=config["scale"]),
        expand(rules.report.output, scale=config["scale"]),
        figure_files(config["scale"]),
    message:
        "all figures, verdicts and the report"


rule figures:
    """Every chosen figure."""
    input:
        figure_files(config["scale"]),


rule studies:
    """The table of every study."""
    input:
        [study_table(study, config["scale"]) for study in CATALOG.chosen_studies(config["scale"])],
