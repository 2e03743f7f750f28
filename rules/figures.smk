rule figure:
    """A figure: vector, raster, and the numbers drawn in it."""
    input:
        unpack(shown_tables),
        code=lambda wildcards: code(f"scripts.figures.{script(wildcards)}"),
    output:
        pdf=f"{FIGURES}/{{figure}}.pdf",
        png=report(
            f"{FIGURES}/{{figure}}.png",
            caption="../report/figure.rst",
            category=heading,
            labels=shown_as,
        ),
        csv=f"{FIGURES}/{{figure}}.csv",
    log:
        f"{RESULTS}/logs/figure/{{scale}}-{{figure}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        script=script,
        note=shown_note,
        options=lambda wildcards: flags(shown_options(wildcards)),
        # Where they lie; a change of what is made from inputs is not a change of params.
        tables=lambda wildcards, input: flags(
            {name: input[name] for name in shown_tables(wildcards)}
        ),
    message:
        "draw {wildcards.figure}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.figures.{params.script} \
            {params.tables:q} \
            {params.options:q} \
            --title-note {params.note:q} \
            --pdf {output.pdf:q} \
            --png {output.png:q} \
            --csv {output.csv:q} \
            2>&1 | tee {log:q}
        """


rule bundle:
    """A figure in one file: picture, numbers, data, program, provenance."""
    input:
        picture=rules.figure.output,
        tables=lambda wildcards: flat(shown_tables(wildcards).values()),
        code=lambda wildcards: code(f"scripts.figures.{script(wildcards)}"),
        timing=lambda wildcards: [f"{pack}/timing.json" for pack in figure_packs(wildcards)],
        own=code("scripts.bundle"),
    output:
        f"{RESULTS}/{{scale}}/bundles/{{figure}}.zip",
    log:
        f"{RESULTS}/logs/bundle/{{scale}}-{{figure}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        script=script,
        note=shown_note,
        tables=lambda wildcards: named(shown_tables(wildcards)),
        options=lambda wildcards: named(shown_options(wildcards)),
        packs=figure_packs,
        study=figure_study,
    message:
        "bundle {wildcards.figure}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.bundle \
            --figure {wildcards.figure} \
            --script {params.script} \
            --note {params.note:q} \
            --picture {input.picture:q} \
            --code {input.code:q} \
            --table {params.tables:q} \
            --options {params.options:q} \
            --packs {params.packs:q} \
            --study {params.study:q} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """
