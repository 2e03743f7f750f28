"""Studies whose metrics run as one says."""

import numpy as np
import pandas as pd

STEPS = np.unique(np.geomspace(1, 10_000, 60).round()).astype(int)
FITTED = {"train_threshold": 0.99, "stay": 3}


def study(decays=(0.3, 0.1), seeds=(1, 2, 3, 4, 5), **courses):
    """A row a run and step; each course is a function of the steps, the decay and a generator.

    Training accuracy reaches 1 at step 100.
    """
    frames, random = [], np.random.default_rng(0)
    for decay in decays:
        for seed in seeds:
            frame = pd.DataFrame({"run": f"{decay}-{seed}", "step": STEPS, "seed": seed})
            frame["optimizer.lr"], frame["optimizer.weight_decay"] = 0.001, decay
            frame["diverged_at"] = np.nan
            frame["accuracy_train"] = np.where(STEPS >= 100, 1.0, 0.5)
            for name, course in courses.items():
                frame[name] = course(STEPS.astype(float), decay, random)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)
