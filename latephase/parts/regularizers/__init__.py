"""Regularisers, one module each: ``penalty`` of a batch, of which the loss has a multiple.

The objective is the loss plus ``strength`` times the penalty: above 0 the penalty is driven down,
below 0 up.
"""
