rule aggregate:
    """Everything of a study in one table, a row a run and step."""
    input:
        history=lambda wildcards: pack_files(wildcards, ["history"]),
        families=lambda wildcards: pack_files(wildcards, study_families(wildcards)),
        code=code("scripts.aggregate"),
    output:
        f"{STUDIES}/{{study}}.parquet",
    log:
        f"{RESULTS}/logs/aggregate/{{scale}}-{{study}}.log",
    conda:
        "../envs/analysis.yaml"
    params:
        runs=study_runs,
        packs=lambda wildcards: CATALOG.packs_of(wildcards.study, wildcards.scale),
        folder=lambda wildcards, input: str(Path(input.history[0]).parents[1]),
        families=study_families,
    message:
        "gather the study {wildcards.study}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.aggregate \
            --runs {params.runs:q} \
            --packs {params.folder:q} \
            --pack {params.packs} \
            --families {params.families} \
            --output {output:q} \
            2>&1 | tee {log:q}
        """


rule extract_margins:
    """Margins between pairs of classes, sample by sample, at a few steps of a few runs."""
    input:
        # The histories stand for the folders, as in metrics.smk.
        checkpoints=lambda wildcards: ancient(
            [f"{pack}/checkpoints" for pack in margin_packs(wildcards)]
        ),
        history=lambda wildcards: [f"{pack}/history.parquet" for pack in margin_packs(wildcards)],
        data=margin_data,
        code=code("scripts.extract_margins"),
    output:
        f"{STUDIES}/{{study}}.margins.parquet",
    log:
        f"{RESULTS}/logs/extract_margins/{{scale}}-{{study}}.log",
    conda:
        torch_env("cpu")
    threads: 1
    params:
        runs=study_runs,
        margins=study_margins,
    message:
        "measure margins, {wildcards.study}, scale {wildcards.scale}"
    shell:
        r"""
        python -m scripts.extract_margins \
            --runs {params.runs:q} \
            --margins {params.margins:q} \
            --checkpoints {input.checkpoints:q} \
            --data {input.data:q} \
            --output {output:q} \
            --threads {threads} \
            2>&1 | tee {log:q}
        """
