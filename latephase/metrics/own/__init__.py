"""Metrics of your own, one file each.

``own/<name>.py`` has a function ``<name>``, which returns a dict of numbers: each becomes a column.
A study asks for it under ``metrics``. scripts/extract/own.py says which arguments the function may
have. ``COLUMNS = (…)``, a literal, names the columns. With it, a figure or a claim that misspells a
column is refused before anything runs.
"""
