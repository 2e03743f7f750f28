"""Regularisers, one module each: the ``penalty`` of a batch.

The objective is the loss plus ``strength`` times the penalty. A strength above 0 drives the penalty
down, one below 0 drives it up.
"""
