"""Metrics of a checkpoint. They take tensors (and a model, if they differentiate) and return a dict
of floats; they use no files.

A family is a folder. Its module `family` gathers the columns from small modules, each with one
idea; a column's name stands for one definition. Everything is computed in float64 on the device of
the arguments, whatever their dtype. What is undefined (no such class, zero over zero, a
representation that is not finite) is NaN, never 0.
"""
