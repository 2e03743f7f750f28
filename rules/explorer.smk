localrules:
    explorer,
    explorers,


rule explorer:
    """Make a page with a study's data. Whoever opens it chooses what it draws."""
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
    """The explorer of every study."""
    input:
        lambda wildcards: TARGETS.asked.explorers(config["scale"]),
