localrules:
    explorer,
    explorers,


rule explorer:
    """A study's data in a page, to be drawn by whoever opens it."""
    input:
        f"{STUDIES}/{{study}}.parquet",
    output:
        f"{RESULTS}/{{scale}}/explore/{{study}}.html",
    log:
        f"{RESULTS}/logs/explorer/{{scale}}-{{study}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        about=TARGETS.explorers.about,
        labels=TARGETS.explorers.labels,
        code=TARGETS.code.digest("scripts.explorer"),
    message:
        "explorer of {wildcards.study}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start explorer \
            --about {params.about:q} \
            --labels {params.labels:q} \
            --data {input:q} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """


rule explorers:
    """The data of every study as a page to explore."""
    input:
        lambda wildcards: TARGETS.asked.explorers(config["scale"]),
