"""Regularisers, one module each: the ``penalty`` of a batch.

The objective is the loss plus ``strength`` times the penalty. A strength above 0 decreases the
penalty, and a strength below 0 increases it.
"""
