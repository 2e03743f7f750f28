rule claims:
    """Every claim that the scale's studies can answer: statistic, interval, verdict."""
    input:
        tables=[study_table(study) for study in claimed_studies()],
        code=code("scripts.evaluate_claims"),
    output:
        csv=report(
            f"{RESULTS}/{config['scale']}/claims.csv",
            caption="../report/claims.rst",
            category="Verdicts",
            labels={"verdicts": "the table as CSV"},
        ),
        html=report(
            f"{RESULTS}/{config['scale']}/claims.html",
            caption="../report/claims.rst",
            category="Verdicts",
            labels={"verdicts": "the papers' claims, one by one"},
        ),
    log:
        f"{RESULTS}/logs/claims/{config['scale']}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        claims=spec.canonical(CATALOG.chosen_claims()),
        scale=config["scale"],
        # For the caption.
        note="; ".join(f"{study}: {CATALOG.note(study)}" for study in claimed_studies()),
        tables=[f"--table {study}={study_table(study)}" for study in claimed_studies()],
    message:
        "judge the papers' claims, scale {config[scale]}"
    shell:
        r"""
        python -m scripts.evaluate_claims \
            --claims {params.claims:q} \
            {params.tables} \
            --scale {params.scale} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            2>&1 | tee {log:q}
        """
