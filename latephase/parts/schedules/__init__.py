"""Schedules of the learning rate, one module each.

``factor(step, steps, **parameters)`` is what the learning rate is multiplied by at a step; steps
count from 0 to ``steps`` − 1.
"""
