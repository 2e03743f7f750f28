rule prepare_data:
    """A data set as one file: arrays, labels, provenance."""
    input:
        npz=TARGETS.data_npz,
    output:
        f"{RESULTS}/data/{{dataset}}.safetensors",
    log:
        f"{RESULTS}/logs/prepare_data/{{dataset}}.log",
    conda:
        "../envs/analysis.yaml"
    threads: lambda wildcards: 8 if TARGETS.kind(wildcards) == "folder" else 1
    resources:
        # Where files are found is not what they hold: every file's sha256 is checked.
        mirror=config["mirror"],
        downloads=config["downloads"],
        folder=told(TARGETS.data_folder),
    params:
        # Of a folder that is a resource: Snakemake sees no change of its images.
        listing=told(TARGETS.data_listing),
        name="{dataset}",
        entry=lambda wildcards: spec.canonical(CATALOG.datasets[wildcards.dataset]),
        code=TARGETS.data_code,
    message:
        "prepare the data set {wildcards.dataset}"
    shell:
        r"""
        python -m scripts.start prepare_data \
            --name {params.name} \
            --entry {params.entry:q} \
            --mirror {resources.mirror:q} \
            --cache {resources.downloads:q} \
            --npz {input.npz:q} \
            --folder {resources.folder:q} \
            --threads {threads} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """
