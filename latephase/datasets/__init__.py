"""Data sets, from their sources to the arrays a training reads.

:mod:`latephase.datasets.prepare` makes ``results/data/<dataset>.safetensors`` and
:mod:`latephase.datasets.stored` reads it. Nothing is imported here, so that an edit of a reader
of raw files (idx, npz, ...) re-runs the preparation of data and not every training.
"""
