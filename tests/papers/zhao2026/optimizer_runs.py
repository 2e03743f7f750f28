"""Last steps of runs of several optimizers: NC0 as a function says, NC3 on a line with it."""

import numpy as np
import pandas as pd

SEEDS = (1, 2, 3)
DECAYS = {"adam": (0.0, 5e-4, 5e-3), "adamw": (0.0, 0.05, 5.0)}


def runs(
    value, optimizers=("adam", "adamw"), momenta=(0.0, 0.9), noise=0.02, seeds=SEEDS, **columns
):
    """A table of last steps: ``value(optimizer, rank of the decay, momentum)`` is NC0's log10."""
    rng = np.random.default_rng(0)
    rows = []
    for optimizer in optimizers:
        for rank, decay in enumerate(DECAYS.get(optimizer, DECAYS["adam"])):
            for momentum in momenta:
                for seed in seeds:
                    log_nc0 = value(optimizer, rank, momentum) + rng.normal(0, noise)
                    rows.append(
                        {
                            "run": f"{optimizer}-{decay}-{momentum}-{seed}",
                            "step": 100,
                            "seed": seed,
                            "optimizer.name": optimizer,
                            "optimizer.lr": 0.01,
                            "optimizer.weight_decay": decay,
                            "optimizer.beta1": momentum,
                            "diverged_at": np.nan,
                            "accuracy_train": 1.0,
                            "accuracy_test": rng.uniform(0.9, 1.0),
                            "loss_train": 1e-3,
                            "nc0": 10**log_nc0,
                            "nc1_pinv": 10 ** rng.normal(-1.5, 0.2),
                            "nc2_etf": 0.2 + rng.normal(0, 0.02),
                            "nc3_duality": 0.6 + 0.16 * log_nc0 + rng.normal(0, 0.01),
                            "nc4_agreement_test_without_bias": rng.uniform(0.98, 1.0),
                        }
                        | columns
                    )
    return pd.DataFrame(rows)
