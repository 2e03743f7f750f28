# Make figures, tables and verdicts again from shipped data, and compare them with the shipped ones.
from rules.shipped import Shipped

SHIPPED = Shipped(CATALOG, ROOT)
VERIFIED = SHIPPED.folder


localrules:
    shipped_again,
    figure_again,
    table_again,
    claims_again,
    verify,


rule shipped_again:
    """Copy the data of a study that come with the repository."""
    input:
        or_exit(SHIPPED.source),
    output:
        f"{VERIFIED}/{{scale}}/studies/{{study}}{{part}}.parquet",
    log:
        f"{RESULTS}/logs/shipped_again/{{scale}}-{{study}}{{part}}.log",
    wildcard_constraints:
        part=r"(\.margins)?",
    conda:
        "../envs/analysis.yaml"
    params:
        sha256=or_exit(SHIPPED.sha256),
        code=TARGETS.code.digest("scripts.copy_checked"),
    message:
        "take the shipped data of {wildcards.study}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start copy_checked \
            --source {input:q} \
            --sha256 {params.sha256} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """


use rule figure as figure_again with:
    input:
        unpack(SHIPPED.again.shown.files),
    output:
        multiext(f"{VERIFIED}/{{scale}}/figures/{{figure}}", pdf=".pdf", png=".png", csv=".csv"),
    log:
        f"{RESULTS}/logs/figure_again/{{scale}}-{{figure}}.log",
    params:
        note=SHIPPED.again.shown.note,


use rule table as table_again with:
    input:
        unpack(SHIPPED.again.shown.files),
    output:
        multiext(f"{VERIFIED}/{{scale}}/tables/{{table}}", csv=".csv", html=".html"),
    log:
        f"{RESULTS}/logs/table_again/{{scale}}-{{table}}.log",
    params:
        note=SHIPPED.again.shown.note,


use rule claims as claims_again with:
    input:
        data=SHIPPED.again.claims.data,
    output:
        multiext(f"{VERIFIED}/{{scale}}/claims", csv=".csv", html=".html", json=".json"),
    log:
        f"{RESULTS}/logs/claims_again/{{scale}}.log",
    params:
        claims=lambda wildcards: spec.canonical(SHIPPED.again.claims.judged(wildcards)),
        studies=SHIPPED.again.claims.studies,
        note=SHIPPED.again.claims.note,
        code=SHIPPED.again.claims.code,


rule verify:
    """Compare what is made here from shipped data with what comes with the repository."""
    input:
        made=[*SHIPPED.results()],
        shipped=[*SHIPPED.results().values()],
    log:
        f"{RESULTS}/logs/verify.log",
    conda:
        "../envs/analysis.yaml"
    params:
        sha256=SHIPPED.checksums(),
    message:
        "compare with what is shipped"
    shell:
        r"""
        python -m scripts.start verify \
            --made {input.made:q} \
            --shipped {input.shipped:q} \
            --sha256 {params.sha256} \
            2>&1 | tee {log:q} >&2 # for the user: what jobs print is not shown
        """
