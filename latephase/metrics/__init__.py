"""Metrics of a checkpoint.

A metric takes tensors (and a model, if it differentiates) and returns a dict of floats. It uses no
files.

A family is a folder. Its module `family` gathers the columns from small modules, each with one
idea. The name of a column stands for one definition. Everything is computed in float64 on the
device of the arguments, whatever their dtype is. An undefined value (no such class, zero over zero,
a representation that is not finite) is NaN, never 0.
"""
