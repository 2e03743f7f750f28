rule convert_checkpoints:
    """Convert checkpoints that other code made to ours, and measure the history of their run."""
    input:
        data=TARGETS.packs.data,
    output:
        checkpoints=directory(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=f"{RESULTS}/packs/{{pack}}/history.parquet",
        timing=f"{RESULTS}/packs/{{pack}}/timing.json",
    log:
        f"{RESULTS}/logs/convert_checkpoints/{{pack}}.log",
    wildcard_constraints:
        pack=OUTSIDE,
    cache: True
    conda:
        torch_env(config["metrics_device"])
    threads: 1
    resources:
        device=config["metrics_device"],
        gpu=gpus.count(config["metrics_device"]),
        own_gpu=gpus.own(config["metrics_device"], GPUS),
    params:
        # The pack has digests of the user's files. They are not inputs, so a touch of them is no
        # change.
        pack=lambda wildcards: spec.canonical(TARGETS.packs.spec(wildcards)),
        code=partial(TARGETS.packs.code, "scripts.convert_checkpoints"),
        software=TARGETS.environments.software("train"),
    message:
        "convert the checkpoints of {wildcards.pack}"
    shell:
        r"""
        {resources.own_gpu}python -m scripts.start convert_checkpoints \
            --pack - \
            --data {input.data:q} \
            --checkpoints {output.checkpoints:q} \
            --history {output.history:q} \
            --timing {output.timing:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            <<<{params.pack:q} 2>&1 | tee {log:q}
        """
