rule train:
    """Train the runs of a pack together: checkpoints, history, timing."""
    input:
        data=TARGETS.packs.data,
        # If runs fork: the checkpoints that they continue. The histories are inputs in the place of
        # the folders, for the reason in metrics.smk.
        parents=lambda wildcards: ancient(TARGETS.packs.parents(wildcards, "checkpoints")),
        past=lambda wildcards: TARGETS.packs.parents(wildcards, "history.parquet"),
        weights=or_exit(TARGETS.weights.of_pack),
    output:
        checkpoints=directory(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=f"{RESULTS}/packs/{{pack}}/history.parquet",
        timing=f"{RESULTS}/packs/{{pack}}/timing.json",
    log:
        f"{RESULTS}/logs/train/{{pack}}.log",
    # outside.smk makes the other packs.
    wildcard_constraints:
        pack=TRAINED,
    cache: True
    conda:
        lambda wildcards: torch_env(config["device"], TARGETS.packs.stage(wildcards))
    threads: 1
    resources:
        # This is not a param, because the device does not change what a run is.
        device=config["device"],
        gpu=gpus.count(config["device"]),
        own_gpu=gpus.own(config["device"], GPUS),
        runtime=TARGETS.packs.train_minutes,
        scratch=f"{RESULTS}/scratch",
        library=or_exit(partial(libraries.needed, workflow, TARGETS.packs.library)),
    params:
        # The cache's key is made of the params and holds no wildcards. So everything that decides
        # the result is a param.
        pack=lambda wildcards: spec.canonical(TARGETS.packs.spec(wildcards)),
        # Files of code are not inputs, neither here nor in metrics.smk. Each job would have two
        # dozen of them. This would take a third of the time and memory of planning thousands of
        # packs.
        code=partial(TARGETS.packs.code, "scripts.train"),
        software=TARGETS.packs.software,
    message:
        "train {wildcards.pack}"
    shell:
        r"""
        {resources.own_gpu}python -m scripts.start train \
            --pack - \
            --data {input.data:q} \
            --parents {input.parents:q} \
            --scratch {resources.scratch:q}/{wildcards.pack} \
            --checkpoints {output.checkpoints:q} \
            --history {output.history:q} \
            --timing {output.timing:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            <<<{params.pack:q} 2>&1 | tee {log:q}
        """
