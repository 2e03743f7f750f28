"""latephase: from raw data to figures, verdicts and a report. See README.md."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/metrics.smk"
include: "rules/aggregate.smk"
include: "rules/figures.smk"
include: "rules/claims.smk"
include: "rules/report.smk"


report: "report/workflow.rst"


onsuccess:
    summary.main(["--folder", f"{RESULTS}/{config['scale']}"])


localrules:
    all,
    figures,
    studies,
    report,


rule all:
    """Figures, verdicts and the report, at the configured scale."""
    default_target: True
    input:
        rules.claims.output,
        rules.report.output,
        figure_files(CATALOG.chosen_figures()),
    message:
        "all figures, verdicts and the report"


rule figures:
    """Every chosen figure."""
    input:
        figure_files(CATALOG.chosen_figures()),


rule studies:
    """The table of every study."""
    input:
        [study_table(study) for study in CATALOG.studies if CATALOG.has_scale(study)],
