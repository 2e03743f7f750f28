# Snakemake runs this in a new environment. Versions other than the pinned ones are an error.
python -m scripts.tools.check_pins "$CONDA_PREFIX"
