rule table:
    """A table of a paper, its values beside ours: as a page, and the numbers in it."""
    input:
        unpack(shown_tables),
        code=lambda wildcards: code(f"scripts.tables.{script(wildcards)}"),
    output:
        csv=f"{TABLES}/{{table}}.csv",
        html=report(
            f"{TABLES}/{{table}}.html",
            caption="../report/table.rst",
            category=heading,
            labels=shown_as,
        ),
    log:
        f"{RESULTS}/logs/table/{{scale}}-{{table}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        script=script,
        title=lambda wildcards: CATALOG.tables[wildcards.table]["title"],
        note=shown_note,
        options=lambda wildcards: flags(shown_options(wildcards)),
        # Where they lie; a change of what is made from inputs is not a change of params.
        tables=lambda wildcards, input: flags(
            {name: input[name] for name in shown_tables(wildcards)}
        ),
    message:
        "tabulate {wildcards.table}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.tables.{params.script} \
            {params.tables:q} \
            {params.options:q} \
            --title {params.title:q} \
            --note {params.note:q} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            2>&1 | tee {log:q}
        """
