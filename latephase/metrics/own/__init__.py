"""Metrics of your own, one file each.

``own/<name>.py`` has a function ``<name>`` that returns a dict of numbers. Each number becomes a
column. A study names the metric under ``metrics``. scripts/extract/own.py lists the arguments that
the function may have. ``COLUMNS = (…)``, a literal, names the columns. If it is there, a figure or
a claim that misspells a column is refused before anything runs.
"""
