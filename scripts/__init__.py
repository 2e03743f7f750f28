"""One program a stage, run from the repository root as ``python -m scripts.<name>``."""
