rule train:
    """A pack of runs, trained together: its checkpoints and its history."""
    input:
        data=TARGETS.packs.data,
        # For runs that fork: the checkpoints that they continue. The histories stand for the
        # folders, as in metrics.smk.
        parents=lambda wildcards: ancient(TARGETS.packs.parents(wildcards, "checkpoints")),
        past=lambda wildcards: TARGETS.packs.parents(wildcards, "history.parquet"),
        weights=or_exit(TARGETS.weights.of_pack),
    output:
        checkpoints=directory(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=f"{RESULTS}/packs/{{pack}}/history.parquet",
        timing=f"{RESULTS}/packs/{{pack}}/timing.json",
    log:
        f"{RESULTS}/logs/train/{{pack}}.log",
    # The others are those of outside.smk.
    wildcard_constraints:
        pack=TRAINED,
    cache: True
    conda:
        lambda wildcards: torch_env(config["device"], TARGETS.packs.stage(wildcards))
    threads: 1
    resources:
        # Not a param: a device does not change what a run is.
        device=config["device"],
        gpu=gpus.count(config["device"]),
        own_gpu=gpus.own(config["device"], GPUS),
        runtime=TARGETS.packs.train_minutes,
        scratch=f"{RESULTS}/scratch",
        library=or_exit(partial(libraries.needed, workflow, TARGETS.packs.library)),
    params:
        # The cache's key is made of these and holds no wildcards, so everything that decides the
        # result is here.
        pack=lambda wildcards: spec.canonical(TARGETS.packs.spec(wildcards)),
        # Files of code are not inputs, neither here nor in metrics.smk. There would be two dozen for
        # each job, a third of the time and memory that planning thousands of packs takes.
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
