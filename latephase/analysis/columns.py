"""What the columns of a study's data are called that analyses and figures ask for by name."""

OPTIMIZER = "optimizer.name"
LR = "optimizer.lr"
MOMENTUM = "optimizer.momentum"
BETA1 = "optimizer.beta1"
DECAY = "optimizer.weight_decay"
COUPLED_DECAY = "optimizer.coupled_weight_decay"
HEAD = "optimizer.head"
EITHER_MOMENTUM = "momentum"
"""Heavy-ball's μ, or β₁ of Adam and its kin: :func:`latephase.analysis.final_rows.final_rows`."""

CELL = (LR, DECAY)
"""The columns that, with the seed, name a run of a study with one optimizer."""
OPTIMIZER_CELL = (OPTIMIZER, LR, EITHER_MOMENTUM, DECAY)
"""The columns that, with the seed, name a run of a study that compares optimizers."""
