"""Schedules of the learning rate, one module each.

``factor(step, steps, **parameters)`` is the factor of the learning rate at a step. Steps count from
0 to ``steps`` − 1.
"""
