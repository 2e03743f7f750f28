"""Data sets, from their sources to the arrays a training reads.

:mod:`latephase.datasets.prepare` makes ``results/data/<dataset>.safetensors`` and
:mod:`latephase.datasets.stored` reads it. Nothing is imported here, so that a training does not
itself depend on the readers of raw files. It does follow the preparation of its data, which
depends on all of them: an edit of a reader plans the trainings behind it too.
"""
