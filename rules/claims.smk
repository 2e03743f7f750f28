rule claims:
    """Every claim that the studies of the scale can answer: statistic, interval, verdict."""
    input:
        data=lambda wildcards: [
            TARGETS.study_data(study, wildcards.scale)
            for study in TARGETS.claimed_studies(wildcards.scale)
        ],
    output:
        csv=report(
            f"{RESULTS}/{{scale}}/claims.csv",
            caption="../report/claims.rst",
            category="Verdicts",
            labels={"verdicts": "the table as CSV"},
        ),
        html=report(
            f"{RESULTS}/{{scale}}/claims.html",
            caption="../report/claims.rst",
            category="Verdicts",
            labels={"verdicts": "the papers' claims, one by one"},
        ),
    log:
        f"{RESULTS}/logs/claims/{{scale}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        claims=lambda wildcards: spec.canonical(CATALOG.chosen_claims(wildcards.scale)),
        studies=lambda wildcards: TARGETS.claimed_studies(wildcards.scale),
        # For the caption.
        note=TARGETS.claims_note,
        code=TARGETS.claims_code,
    message:
        "judge the papers' claims, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start evaluate_claims \
            --claims {params.claims:q} \
            --studies {params.studies} \
            --data {input.data:q} \
            --scale {wildcards.scale} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            2>&1 | tee {log:q}
        """
