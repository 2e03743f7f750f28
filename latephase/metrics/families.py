"""The families of metrics: ``scripts/extract_<family>.py`` measures each."""

FAMILIES = ("collapse", "nc0", "flatness", "information")
"""Measured on every run."""
MORE_FAMILIES = ("curvature", "mutual_information", "representativeness")
"""Dearer ones, measured where a study names them under ``metrics``."""
