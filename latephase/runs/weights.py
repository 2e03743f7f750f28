"""Weights that models begin with: how a spec names them, and where their files are kept.

A study names weights as the configuration does. In a run's spec stands what they hold instead,
``sha256:`` and 64 digits, so that their place is no part of a run. Standard library only.
"""

FOLDER = "resources/weights"
"""Where the files lie that trainings and extractions read, each called by its sha256."""
KNOWN = "sha256:"
"""How the name of weights begins whose content is known."""


def file_of(weights: str) -> str:
    """The file of weights that a spec names by their content."""
    return f"{FOLDER}/{weights.removeprefix(KNOWN)}.safetensors"
