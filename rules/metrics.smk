rule extract:
    """Measure a family of metrics, or a metric of the user's own, at each checkpoint of a pack."""
    input:
        unpack(TARGETS.extractions.inputs),
        # A folder has no checksum, so a mere touch would make the metrics out of date. The history
        # is made together with the folder and has a checksum, so it is an input in the folder's
        # place.
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=TARGETS.packs.data,
        weights=or_exit(TARGETS.weights.of_pack),
    output:
        f"{RESULTS}/packs/{{pack}}/{{family}}.parquet",
    log:
        f"{RESULTS}/logs/extract/{{family}}-{{pack}}.log",
    cache: True
    conda:
        lambda wildcards: torch_env(config["metrics_device"], TARGETS.packs.stage(wildcards))
    threads: 1
    resources:
        device=config["metrics_device"],
        gpu=gpus.count(config["metrics_device"]),
        own_gpu=gpus.own(config["metrics_device"], GPUS),
        library=or_exit(partial(libraries.needed, workflow, TARGETS.packs.library)),
    params:
        # The cache's key holds no wildcards, so the pack and the family are also params.
        pack="{pack}",
        family="{family}",
        program=TARGETS.extractions.program,
        options=TARGETS.extractions.options,
        code=TARGETS.extractions.code,
        software=TARGETS.packs.software,
    message:
        "measure {wildcards.family}, {wildcards.pack}"
    shell:
        r"""
        {resources.own_gpu}python -m scripts.start {params.program} \
            --checkpoints {input.checkpoints:q} \
            --data {input.data:q} \
            {params.options:q} \
            --output {output:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """


rule encode_inputs:
    """Encode each input of a data set, as some runs see it, in a few numbers."""
    input:
        data=f"{RESULTS}/data/{{dataset}}.safetensors",
    output:
        f"{RESULTS}/data/{{dataset}}-{{digest}}.encoding.safetensors",
    log:
        f"{RESULTS}/logs/encode_inputs/{{dataset}}-{{digest}}.log",
    cache: True
    conda:
        torch_env(config["metrics_device"])
    threads: 1
    resources:
        device=config["metrics_device"],
        gpu=gpus.count(config["metrics_device"]),
        own_gpu=gpus.own(config["metrics_device"], GPUS),
    params:
        entry=lambda wildcards: spec.canonical(TARGETS.extractions.encoded_data[wildcards.digest]),
        code=TARGETS.code.digest("scripts.extract.encode_inputs"),
        software=TARGETS.environments.software("train"),
    message:
        "encode the inputs of {wildcards.dataset}"
    shell:
        r"""
        {resources.own_gpu}python -m scripts.start extract.encode_inputs \
            --data {input.data:q} \
            --entry {params.entry:q} \
            --output {output:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """
