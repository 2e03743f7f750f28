"""Metrics of your own, a file each: ``own/<name>.py`` has a function ``<name>`` that returns a dict
of numbers, a column each. A study names it under ``metrics``; scripts/extract/own.py says what the
function may ask for. ``COLUMNS = (…)``, a literal, declares the columns, so that what names one is
checked before anything runs.
"""
