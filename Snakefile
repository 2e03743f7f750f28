"""latephase: from raw data to figures, tables, verdicts and a report. See README.md."""

import gc

from snakemake.utils import min_version

min_version("9.27")

# Planning makes millions of objects and no garbage: to look for it takes a seventh of the time.
gc.disable()


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/metrics.smk"
include: "rules/aggregate.smk"
include: "rules/figures.smk"
include: "rules/tables.smk"
include: "rules/claims.smk"
include: "rules/report.smk"


report: "report/workflow.rst"


onstart:
    gc.freeze()
    gc.enable()
    signals.heed_while_jobs_run()
    if line := libraries.lacking(workflow, TARGETS) or gpus.lacking(workflow, config, LEAVE):
        sys.exit(line)
    serve.start(LEAVE)


onsuccess:
    summary.main([f"{RESULTS}/{scale}" for scale in SCALES])


# Light, or in need of what a node may not have, the network.
localrules:
    all,
    figures,
    tables,
    studies,
    prepare_data,
    prepare_weights,
    aggregate,
    claims,
    figure,
    table,
    bundle,
    report,


rule all:
    """Figures, tables, verdicts and the report, at the configured scale."""
    default_target: True
    input:
        [f"{RESULTS}/{config['scale']}/claims.{kind}" for kind in ("csv", "html")],
        f"{RESULTS}/{config['scale']}/report.html",
        all_figures,
        TARGETS.tables(config["scale"]),
    message:
        "all figures, tables, verdicts and the report"


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
    """Never run. Where there is a checkpoint, a submitted job is planned with what comes before it.

    Without, it sees its own rule alone, and what it keeps in the cache has another key than where
    it runs on the spot; or none, since a folder that no job of the plan makes has no checksum.
    """
    output:
        f"{RESULTS}/never",
