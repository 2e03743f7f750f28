def claimed_studies(scale):
    """The studies that the claims at a scale ask about."""
    return sorted({claim["study"] for claim in CATALOG.chosen_claims(scale)})


def claimed_tables(wildcards):
    return [study_table(study, wildcards.scale) for study in claimed_studies(wildcards.scale)]


def claims_code(wildcards):
    """The files of the program that judges, and of each paper's statistics."""
    papers = {claim["paper"] for claim in CATALOG.chosen_claims(wildcards.scale)}
    named = {"scripts.evaluate_claims", *(f"latephase.claims.{paper}" for paper in papers)}
    return sorted({file for name in named for file in code(name)})


def claims_note(wildcards):
    studies = claimed_studies(wildcards.scale)
    return "; ".join(f"{study}: {note(wildcards.scale, study)}" for study in studies)


rule claims:
    """Every claim that the scale's studies can answer: statistic, interval, verdict."""
    input:
        tables=claimed_tables,
        code=claims_code,
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
        studies=lambda wildcards: claimed_studies(wildcards.scale),
        # For the caption.
        note=claims_note,
    message:
        "judge the papers' claims, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.evaluate_claims \
            --claims {params.claims:q} \
            --studies {params.studies} \
            --tables {input.tables:q} \
            --scale {wildcards.scale} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            2>&1 | tee {log:q}
        """
