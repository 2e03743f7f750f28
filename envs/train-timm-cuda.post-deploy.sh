# Run in the new environment: other versions than the pinned ones are an error.
python -m scripts.tools.check_pins "$CONDA_PREFIX"
