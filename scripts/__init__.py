"""One program for each stage, run from the repository root as ``python -m scripts.<name>``."""
