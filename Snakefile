"""latephase: from raw data to figures, tables, verdicts and a report. See README.md."""

import gc

from snakemake.utils import min_version

min_version("9.27")

# Planning makes millions of objects and no garbage. The search for garbage takes a seventh of the
# time, so it is off until onstart turns it on again. A workflow that uses this one as a module does
# not run onstart, so there it stays on.
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
include: "rules/figures.smk"
include: "rules/tables.smk"
include: "rules/claims.smk"
include: "rules/report.smk"
include: "rules/gallery.smk"
include: "rules/explorer.smk"
include: "rules/verify.smk"
include: "rules/cluster.smk"
include: f"rules/{'shipped' if CATALOG.from_shipped else 'aggregate'}.smk"


report: "report/workflow.rst"


# Local rules are light, or need the network, which a node of a cluster may not have. Each file in
# rules/ names its own.
localrules:
    all,
    figures,
    tables,
    studies,


rule all:
    """Figures, tables, verdicts, the report and the gallery, at the configured scale."""
    default_target: True
    input:
        [f"{RESULTS}/{config['scale']}/claims.{kind}" for kind in ("csv", "html")],
        [f"{RESULTS}/{config['scale']}/{page}.html" for page in ("report", "index")],
        all_figures,
        TARGETS.asked.tables(config["scale"]),
    message:
        "all figures, tables, verdicts, the report and the gallery"


rule figures:
    """Every chosen figure."""
    input:
        all_figures,


rule tables:
    """Every table of a paper, with its values beside ours."""
    input:
        TARGETS.asked.tables(config["scale"]),


rule studies:
    """The data of every study."""
    input:
        all_studies,
