# mutual_information, which takes an input more, is in compression.smk.
for family in [name for name in FAMILIES if name != "mutual_information"]:

    rule:
        """One family of metrics, on every checkpoint of a pack."""
        name:
            f"extract_{family}"
        input:
            # A folder has no checksum, so that a touch alone would put out of date what is
            # measured on it. The history, made with it, has one and stands for it.
            checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
            history=rules.train.output.history,
            data=pack_data,
        output:
            f"{RESULTS}/packs/{{pack}}/{family}.parquet",
        log:
            f"{RESULTS}/logs/extract_{family}/{{pack}}.log",
        cache: True
        conda:
            torch_env(config["metrics_device"])
        threads: 1
        resources:
            device=config["metrics_device"],
            gpu=gpus(config["metrics_device"]),
        params:
            # The cache's key holds no wildcards: what an artifact is of stands here.
            pack="{pack}",
            family=family,
            code=pack_code(f"scripts.extract_{family}"),
            software=software("train"),
        message:
            "measure {params.family}, {wildcards.pack}"
        shell:
            r"""
            python -m scripts.extract_{params.family} \
                --checkpoints {input.checkpoints:q} \
                --data {input.data:q} \
                --output {output:q} \
                --device {resources.device} \
                --code {params.code} \
                --threads {threads} \
                2>&1 | tee {log:q}
            """


rule extract_own:
    """A metric of the user's own: a function of latephase/metrics that a study names."""
    input:
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=pack_data,
    output:
        f"{RESULTS}/packs/{{pack}}/{{metric}}.parquet",
    log:
        f"{RESULTS}/logs/extract_{{metric}}/{{pack}}.log",
    cache: True
    conda:
        torch_env(config["metrics_device"])
    threads: 1
    resources:
        device=config["metrics_device"],
        gpu=gpus(config["metrics_device"]),
    params:
        pack="{pack}",
        metric="{metric}",
        code=pack_code("scripts.extract_own"),
        software=software("train"),
    message:
        "measure {wildcards.metric}, {wildcards.pack}"
    shell:
        r"""
        python -m scripts.extract_own \
            --metric {params.metric} \
            --checkpoints {input.checkpoints:q} \
            --data {input.data:q} \
            --output {output:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """
