"""Made-up runs whose delay of grokking is known."""

import math

import numpy as np
import pandas as pd

from latephase.runs.columns import DECAY, LR

STEPS = np.array([0, *np.round(10 ** np.arange(1, 4.001, 0.1))])
LIMITS = {"fitted": 0.99, "level": 0.9, "stay": 3}


def run(train_at, test_at, seed=1, lr=1e-3, decay=1.0, diverged_at=math.nan):
    """A history whose accuracies jump to 1 at two steps; None: never."""

    def rises(at):
        return np.heaviside(STEPS - (at or np.inf), 1)

    return pd.DataFrame(
        {
            "run": f"{lr}-{decay}-{seed}",
            "step": STEPS,
            "seed": seed,
            LR: lr,
            DECAY: decay,
            "diverged_at": diverged_at,
            "accuracy_train": rises(train_at),
            "accuracy_test": rises(test_at),
        }
    )


def table(*runs):
    return pd.concat(runs, ignore_index=True)
