localrules:
    claims,
    claims_of_paper,


rule claims:
    """Judge every claim about the studies of the scale: statistic, interval, verdict."""
    input:
        data=TARGETS.claims.data,
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
        json=f"{RESULTS}/{{scale}}/claims.json",
    log:
        f"{RESULTS}/logs/claims/{{scale}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        claims=lambda wildcards: spec.canonical(TARGETS.claims.judged(wildcards)),
        studies=TARGETS.claims.studies,
        # The caption in the report shows this.
        note=TARGETS.claims.note,
        code=TARGETS.claims.code,
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
            --json {output.json:q} \
            2>&1 | tee {log:q}
        """


use rule claims as claims_of_paper with:
    output:
        csv=f"{RESULTS}/{{scale}}/{{paper}}/claims.csv",
        html=f"{RESULTS}/{{scale}}/{{paper}}/claims.html",
        json=f"{RESULTS}/{{scale}}/{{paper}}/claims.json",
    log:
        f"{RESULTS}/logs/claims/{{scale}}-{{paper}}.log",
    message:
        "judge the claims of {wildcards.paper}, scale {wildcards.scale}"
