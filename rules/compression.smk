# Mutual information takes codes of the inputs, which packs on the same data share.


rule compress_inputs:
    """The inputs of a data set, as some runs see it, compressed to a few numbers each."""
    input:
        data=f"{RESULTS}/data/{{dataset}}.safetensors",
    output:
        f"{RESULTS}/data/{{dataset}}-{{digest}}.code.safetensors",
    log:
        f"{RESULTS}/logs/compress_inputs/{{dataset}}-{{digest}}.log",
    cache: True
    conda:
        torch_env(config["metrics_device"])
    threads: 1
    resources:
        device=config["metrics_device"],
        gpu=gpus(config["metrics_device"]),
    params:
        entry=lambda wildcards: spec.canonical(COMPRESSED[wildcards.digest]),
        code=code_digest("scripts.compress_inputs"),
        software=software("train"),
    message:
        "compress the inputs of {wildcards.dataset}"
    shell:
        r"""
        python -m scripts.compress_inputs \
            --data {input.data:q} \
            --entry {params.entry:q} \
            --output {output:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """


rule extract_mutual_information:
    """Mutual information of compressed representations, on every checkpoint of a pack."""
    input:
        checkpoints=ancient(f"{RESULTS}/packs/{{pack}}/checkpoints"),
        history=rules.train.output.history,
        data=pack_data,
        inputs_code=pack_inputs_code,
    output:
        f"{RESULTS}/packs/{{pack}}/mutual_information.parquet",
    log:
        f"{RESULTS}/logs/extract_mutual_information/{{pack}}.log",
    cache: True
    conda:
        torch_env(config["metrics_device"])
    threads: 1
    resources:
        device=config["metrics_device"],
        gpu=gpus(config["metrics_device"]),
    params:
        pack="{pack}",
        family="mutual_information",
        code=pack_code("scripts.extract_mutual_information"),
        software=software("train"),
    message:
        "measure {params.family}, {wildcards.pack}"
    shell:
        r"""
        python -m scripts.extract_mutual_information \
            --checkpoints {input.checkpoints:q} \
            --data {input.data:q} \
            --inputs-code {input.inputs_code:q} \
            --output {output:q} \
            --device {resources.device} \
            --code {params.code} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """
