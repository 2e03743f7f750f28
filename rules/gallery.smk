localrules:
    gallery,
    gallery_of_paper,


rule gallery:
    """Make a page with every figure and with what was found. The page needs no other file."""
    input:
        unpack(TARGETS.galleries.files),
        claims=rules.claims.output.csv,
        report=rules.report.output.html,
    output:
        f"{RESULTS}/{{scale}}/index.html",
    log:
        f"{RESULTS}/logs/gallery/{{scale}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        catalog=TARGETS.galleries.about,
        folder=lambda wildcards, input: str(Path(input.claims).parent),
        report=lambda wildcards, input: f"--report={input.report}",
        code=TARGETS.code.digest("scripts.gallery"),
    message:
        "gallery, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start gallery \
            --catalog {params.catalog:q} \
            --scale {wildcards.scale} \
            --folder {params.folder:q} \
            --claims {input.claims:q} \
            {params.report:q} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """


# This gallery does not link to Snakemake's report, which is about all papers.
use rule gallery as gallery_of_paper with:
    input:
        unpack(TARGETS.galleries.files),
        claims=rules.claims_of_paper.output.csv,
    output:
        f"{RESULTS}/{{scale}}/{{paper}}/index.html",
    log:
        f"{RESULTS}/logs/gallery/{{scale}}-{{paper}}.log",
    params:
        catalog=TARGETS.galleries.about,
        folder=lambda wildcards, input: str(Path(input.claims).parents[1]),
        report=[],
        code=TARGETS.code.digest("scripts.gallery"),
    message:
        "gallery of {wildcards.paper}, scale {wildcards.scale}"
