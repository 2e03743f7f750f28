localrules:
    prepare_data,


rule prepare_data:
    """Make one file of a data set: arrays, labels, provenance."""
    output:
        f"{RESULTS}/data/{{dataset}}.safetensors",
    log:
        f"{RESULTS}/logs/prepare_data/{{dataset}}.log",
    conda:
        "../envs/analysis.yaml"
    threads: TARGETS.data_sets.threads
    resources:
        # These say where files are found, which does not change their content. So they may change.
        mirror=config["mirror"],
        downloads=config["downloads"],
        npz=TARGETS.data_sets.npz,
        folder=or_exit(TARGETS.data_sets.folder),
        texts=or_exit(TARGETS.data_sets.texts),
        entry=lambda wildcards: spec.canonical(CATALOG.datasets[wildcards.dataset]),
    params:
        # These decide the result. The files that the data are read from are not inputs, so
        # `content` has a digest of the user's own.
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
    """Copy the weights that a model begins with to a file that is named by their sha256."""
    output:
        f"{weights.FOLDER}/{{weights}}.safetensors",
    log:
        f"{RESULTS}/logs/prepare_weights/{{weights}}.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        # Where the weights are found does not change their content.
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
