localrules:
    report,


rule report:
    """Make Snakemake's report: figures and tables by paper, verdicts, and where each comes from."""
    input:
        figures=lambda wildcards: TARGETS.asked.figures(wildcards.scale),
        tables=lambda wildcards: TARGETS.asked.tables(wildcards.scale),
        claims=rules.claims.output,
        texts=[
            TARGETS.files.here(f"report/{name}.rst")
            for name in ("workflow", "figure", "table", "claims")
        ],
        style=TARGETS.files.here("report/style.css"),
    output:
        html=f"{RESULTS}/{{scale}}/report.html",
        # The configuration with which the report was made.
        config=f"{RESULTS}/{{scale}}/config.json",
    log:
        f"{RESULTS}/logs/report/{{scale}}.log",
    # The job calls Snakemake, which reads its own records of the jobs above.
    handover: True
    # A container image of the environments has no Snakemake.
    container:
        None
    resources:
        snakefile=workflow.main_snakefile,
        # This is not a param, because what the report shows of it is in figures, tables and titles.
        config=lambda wildcards: spec.canonical(config | {"scale": wildcards.scale}),
    params:
        titles=lambda wildcards: TARGETS.asked.titles(wildcards.scale),
        code=TARGETS.code.digest("scripts.tools.seal_report"),
    message:
        "report, scale {wildcards.scale}"
    shell:
        r"""
        exec >{log:q} 2>&1
        printf '%s\n' {resources.config:q} >{output.config:q}
        python -m snakemake {input.figures:q} {input.tables:q} {input.claims:q} \
            --snakefile {resources.snakefile:q} \
            --configfile {output.config:q} \
            --replace-workflow-config \
            --nolock \
            --report {output.html:q} \
            --report-stylesheet {input.style:q}
        python -m scripts.tools.seal_report {output.html:q}
        """
