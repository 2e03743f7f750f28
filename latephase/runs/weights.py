"""Weights from which models start: their names in specs, and the place of their files.

A study names weights as the configuration does. A run's spec has their checksum instead,
``sha256:`` and 64 digits, so the place of the files is not part of a run. This module uses the
standard library only.
"""

FOLDER = "resources/weights"
"""The folder of the files that trainings and extractions read. Each file is named by its sha256."""
KNOWN = "sha256:"
"""The prefix of the name of weights whose content is known."""


def file_of(weights: str) -> str:
    """The file of weights that a spec names by their checksum."""
    return f"{FOLDER}/{weights.removeprefix(KNOWN)}.safetensors"
