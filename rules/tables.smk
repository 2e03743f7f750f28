localrules:
    table,


rule table:
    """Make a table with a paper's values beside ours: a page, and its numbers as CSV."""
    input:
        unpack(TARGETS.shown.files),
    output:
        csv=f"{TABLES}/{{table}}.csv",
        html=report(
            f"{TABLES}/{{table}}.html",
            caption="../report/table.rst",
            category=TARGETS.shown.heading,
            labels=TARGETS.shown.label,
        ),
    log:
        f"{RESULTS}/logs/table/{{scale}}-{{table}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        script=TARGETS.shown.script,
        title=lambda wildcards: CATALOG.tables[wildcards.table]["title"],
        note=TARGETS.shown.note,
        options=TARGETS.shown.options,
        files=TARGETS.shown.words,
        code=partial(TARGETS.shown.code, "tables"),
    message:
        "tabulate {wildcards.table}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start tables.{params.script} \
            {params.files:q} \
            --options {params.options:q} \
            --title {params.title:q} \
            --note {params.note:q} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            2>&1 | tee {log:q}
        """
