localrules:
    prepare_data,


rule prepare_data:
    """A data set as one file: arrays, labels, provenance."""
    output:
        f"{RESULTS}/data/{{dataset}}.safetensors",
    log:
        f"{RESULTS}/logs/prepare_data/{{dataset}}.log",
    conda:
        "../envs/analysis.yaml"
    threads: TARGETS.data_sets.threads
    resources:
        # Where files are found does not change their content, so all of this may change.
        mirror=config["mirror"],
        downloads=config["downloads"],
        npz=TARGETS.data_sets.npz,
        folder=or_exit(TARGETS.data_sets.folder),
        texts=or_exit(TARGETS.data_sets.texts),
        entry=lambda wildcards: spec.canonical(CATALOG.datasets[wildcards.dataset]),
    params:
        # These decide the result: Snakemake does not see a change of the files themselves.
        name="{dataset}",
        entry=TARGETS.data_sets.entry,
        content=or_exit(TARGETS.data_sets.content),
        code=TARGETS.data_sets.code,
    message:
        "prepare the data set {wildcards.dataset}"
    shell:
        r"""
        python -m scripts.start prepare_data \
            --name {params.name} \
            --entry {resources.entry:q} \
            --mirror {resources.mirror:q} \
            --cache {resources.downloads:q} \
            --npz {resources.npz:q} \
            --folder {resources.folder:q} \
            --texts {resources.texts:q} \
            --threads {threads} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """


localrules:
    prepare_weights,


rule prepare_weights:
    """Weights that models begin with, under the sha256 of what they hold."""
    output:
        f"{weights.FOLDER}/{{weights}}.safetensors",
    log:
        f"{RESULTS}/logs/prepare_weights/{{weights}}.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        # Where they lie is not what they hold.
        source=or_exit(TARGETS.weights.source),
    params:
        sha256="{weights}",
        code=TARGETS.code.digest("scripts.copy_checked"),
    message:
        "keep the weights {wildcards.weights}"
    shell:
        r"""
        python -m scripts.start copy_checked \
            --source {resources.source:q} \
            --sha256 {params.sha256} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """
