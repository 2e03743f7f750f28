localrules:
    aggregate,


rule aggregate:
    """Gather all data of a study in one file, with one row for each run and step."""
    input:
        history=TARGETS.studies.histories,
        families=TARGETS.studies.measurements,
    output:
        f"{STUDIES}/{{study}}.parquet",
    log:
        f"{RESULTS}/logs/aggregate/{{scale}}-{{study}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=TARGETS.studies.runs,
        planned=TARGETS.studies.planned,
        packs=TARGETS.studies.packs,
        folder=lambda wildcards, input: str(Path(input.history[0]).parents[1]),
        families=TARGETS.studies.families,
        code=TARGETS.code.planned_digest("scripts.aggregate"),
    message:
        "gather the study {wildcards.study}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start aggregate \
            --runs {params.runs:q} \
            --planned {params.planned} \
            --packs {params.folder:q} \
            --pack - \
            --families {params.families} \
            --output {output:q} \
            <<<"{params.packs}" 2>&1 | tee {log:q}
        """


rule extract_margins:
    """Measure margins between pairs of classes, for each sample, at a few steps of a few runs."""
    input:
        # The histories are inputs in the place of the folders, for the reason in metrics.smk.
        checkpoints=lambda wildcards: ancient(
            [f"{pack}/checkpoints" for pack in TARGETS.margins.packs(wildcards)]
        ),
        history=lambda wildcards: [
            f"{pack}/history.parquet" for pack in TARGETS.margins.packs(wildcards)
        ],
        data=TARGETS.margins.data,
        weights=or_exit(TARGETS.margins.weights),
    output:
        f"{STUDIES}/{{study}}.margins.parquet",
    log:
        f"{RESULTS}/logs/extract_margins/{{scale}}-{{study}}.log",
    conda:
        lambda wildcards: torch_env("cpu", TARGETS.margins.stage(wildcards))
    threads: 1
    resources:
        library=or_exit(partial(libraries.needed, workflow, TARGETS.margins.library)),
    params:
        runs=TARGETS.studies.runs,
        planned=TARGETS.margins.planned,
        margins=lambda wildcards: spec.canonical(TARGETS.margins.wanted(wildcards)),
        code=TARGETS.code.planned_digest("scripts.extract.margins"),
    message:
        "measure margins, {wildcards.study}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.start extract.margins \
            --runs {params.runs:q} \
            --planned {params.planned} \
            --margins {params.margins:q} \
            --checkpoints {input.checkpoints:q} \
            --data {input.data:q} \
            --output {output:q} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """
