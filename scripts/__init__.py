"""One program for each stage. Run it from the repository's root: ``python -m scripts.<name>``."""
