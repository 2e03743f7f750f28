rule extract_collapse:
    """Neural collapse of a pack's checkpoints, NC1 to NC4."""
    input:
        # A folder has no checksum, so that a touch alone would put out of date what is
        # measured on it. The history, made with it, has one and stands for it.
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=pack_data,
        code=pack_code("scripts.extract_collapse"),
    output:
        f"{RESULTS}/packs/{{pack}}/collapse.parquet",
    log:
        f"{RESULTS}/logs/extract_collapse/{{pack}}.log",
    cache: True
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device=config["device"],
    params:
        # The cache's key holds no wildcards: what an artifact is of stands here.
        pack="{pack}",
        family="collapse",
    message:
        "measure {params.family}, {wildcards.pack}"
    shell:
        r"""
        python -m scripts.extract_{params.family} \
            --checkpoints {input.checkpoints:q} \
            --data {input.data:q} \
            --output {output:q} \
            --device {resources.device} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """


use rule extract_collapse as extract_nc0 with:
    input:
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=pack_data,
        code=pack_code("scripts.extract_nc0"),
    output:
        f"{RESULTS}/packs/{{pack}}/nc0.parquet",
    log:
        f"{RESULTS}/logs/extract_nc0/{{pack}}.log",
    # Not inherited.
    cache: True
    params:
        pack="{pack}",
        family="nc0",


use rule extract_collapse as extract_flatness with:
    input:
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=pack_data,
        code=pack_code("scripts.extract_flatness"),
    output:
        f"{RESULTS}/packs/{{pack}}/flatness.parquet",
    log:
        f"{RESULTS}/logs/extract_flatness/{{pack}}.log",
    cache: True
    params:
        pack="{pack}",
        family="flatness",


use rule extract_collapse as extract_information with:
    input:
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=pack_data,
        code=pack_code("scripts.extract_information"),
    output:
        f"{RESULTS}/packs/{{pack}}/information.parquet",
    log:
        f"{RESULTS}/logs/extract_information/{{pack}}.log",
    cache: True
    params:
        pack="{pack}",
        family="information",
