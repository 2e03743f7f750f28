"""The names of the columns of a study's data.

A row is a run at a step. Other columns are the history (:mod:`latephase.runs.history`), the axes of
the study's grid under their dotted names, and the metrics, which their families declare.
"""

RUN, STEP, PACK, SEED = "run", "step", "pack", "seed"
ARM = "arm"
"""The name that a study gives the runs of one of its grids, if they are an arm of an experiment."""
OPTIMIZER = "optimizer.name"
LR = "optimizer.lr"
MOMENTUM = "optimizer.momentum"
BETA1 = "optimizer.beta1"
DECAY = "optimizer.weight_decay"
COUPLED_DECAY = "optimizer.coupled_weight_decay"
HEAD = "optimizer.head"
SCHEDULE = "schedule"
"""The schedule of a run's learning rate, as JSON."""

ALWAYS = (SEED, OPTIMIZER, LR, MOMENTUM, BETA1, DECAY, SCHEDULE)
"""Columns that a study's data have for every run with such a value, even if they are no axis of the
grid."""

EITHER_MOMENTUM = "momentum"
"""The μ of heavy-ball, or β₁ of Adam and its relatives
(:func:`latephase.analysis.final_rows.final_rows`)."""
CELL = (LR, DECAY)
"""The columns that, with the seed, identify a run of a study with one optimizer."""
OPTIMIZER_CELL = (OPTIMIZER, LR, EITHER_MOMENTUM, DECAY)
"""The columns that, with the seed, identify a run of a study that compares optimizers."""
