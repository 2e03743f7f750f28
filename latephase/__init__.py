"""Late-phase training: specs, training packs, metrics, theory and claims of three papers.

The package is imported by the scripts and, for :mod:`latephase.spec` and :mod:`latephase.catalog`,
by the Snakefile; it knows nothing of Snakemake.
"""
