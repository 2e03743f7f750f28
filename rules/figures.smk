localrules:
    figure,
    bundle,


rule figure:
    """Draw a figure: as PDF, as PNG, and the numbers in it as CSV."""
    input:
        unpack(TARGETS.shown.files),
    output:
        pdf=f"{FIGURES}/{{figure}}.pdf",
        png=report(
            f"{FIGURES}/{{figure}}.png",
            caption="../report/figure.rst",
            category=TARGETS.shown.heading,
            labels=TARGETS.shown.label,
        ),
        csv=f"{FIGURES}/{{figure}}.csv",
    log:
        f"{RESULTS}/logs/figure/{{scale}}-{{figure}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        script=TARGETS.shown.script,
        title=TARGETS.shown.title,
        note=TARGETS.shown.note,
        options=TARGETS.shown.options,
        files=TARGETS.shown.words,
        code=partial(TARGETS.shown.code, "figures"),
    message:
        "draw {wildcards.figure}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start figures.{params.script} \
            {params.files:q} \
            --options {params.options:q} \
            --title {params.title:q} \
            --title-note {params.note:q} \
            --pdf {output.pdf:q} \
            --png {output.png:q} \
            --csv {output.csv:q} \
            2>&1 | tee {log:q}
        """


rule bundle:
    """Put a figure in one file: picture, numbers, data, program, provenance."""
    input:
        unpack(TARGETS.shown.files),
        picture=rules.figure.output,
        code=lambda wildcards: [
            local(TARGETS.files.here(file)) for file in TARGETS.bundles.sources(wildcards)
        ],
        timing=or_exit(TARGETS.bundles.timings),
    output:
        f"{RESULTS}/{{scale}}/bundles/{{figure}}.zip",
    log:
        f"{RESULTS}/logs/bundle/{{scale}}-{{figure}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        script=TARGETS.shown.script,
        title=TARGETS.shown.title,
        note=TARGETS.shown.note,
        files=TARGETS.shown.words,
        options=TARGETS.shown.options,
        folder=lambda wildcards, input: str(Path(input.timing[0]).parents[1]),
        packs=TARGETS.bundles.packs,
        studies=TARGETS.bundles.settings,
        code=TARGETS.code.digest("scripts.bundle"),
    message:
        "bundle {wildcards.figure}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start bundle \
            --figure {wildcards.figure} \
            --script {params.script} \
            --title {params.title:q} \
            --note {params.note:q} \
            --picture {input.picture:q} \
            --code {input.code:q} \
            --options {params.options:q} \
            --packs {params.folder:q} \
            --pack - \
            --studies {params.studies:q} \
            --output {output:q} \
            --files {params.files:q} \
            <<<"{params.packs}" 2>&1 | tee {log:q}
        """
