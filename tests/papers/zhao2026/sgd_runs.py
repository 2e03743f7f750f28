"""Tables of runs under SGD whose NC0 follows a law, for the tests of claims and figures."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from latephase.papers.zhao2026.predictions import SGD

LR, MOMENTUM, DECAY = SGD
STEPS = np.array([0, 10, 100, 500, 1000])
SCHEDULE = '{"factor":0.1,"milestones":[100,500],"name":"steps"}'

Law = Callable[..., np.ndarray]


def recursion(
    steps: np.ndarray, lr: float, momentum: float, decay: float, schedule: str = ""
) -> np.ndarray:
    """NC0 over its start, written out apart from the theory's module."""
    factors, factor, velocity = [1.0], 1.0, 0.0
    for step in range(max(steps)):
        velocity = momentum * velocity + decay * factor
        factor -= lr * velocity * (0.1 ** ((step >= 100) + (step >= 500)) if schedule else 1)
        factors.append(factor)
    return np.abs(factors)[steps]


def nothing(steps: np.ndarray, *numbers) -> np.ndarray:
    """Decay and momentum do nothing."""
    return np.ones(len(steps))


def reverse(steps: np.ndarray, *numbers) -> np.ndarray:
    """NC0 grows where it should fall."""
    return 1 / recursion(steps, *numbers)


def study_table(
    law: Law = recursion,
    *,
    noise: float = 1e-3,
    offset: Mapping[int, float] | None = None,
    lr: float = 0.03,
    momenta: Sequence[float] = (0.0, 0.9, 0.98),
    decays: Sequence[float] = (0.0, 1e-3, 1e-2),
    seeds: Sequence[int] = (1, 2, 3),
    schedule: str = "",
) -> pd.DataFrame:
    """``noise`` and ``offset`` (a number a seed) are of ln NC0 at every step after the first."""
    rng = np.random.default_rng(0)
    frames = []
    for momentum in momenta:
        for decay in decays:
            for seed in seeds:
                logs = rng.normal(0, noise, len(STEPS)) + (offset or {}).get(seed, 0)
                logs[0] = np.log(rng.uniform(1.5, 2.2))
                logs[1:] += logs[0]
                values = np.exp(logs) * law(STEPS, lr, momentum, decay, schedule)
                frame = pd.DataFrame({"step": STEPS, "nc0": values})
                run = f"{momentum:g}-{decay:g}-{seed}"
                frame = frame.assign(run=run, seed=seed, diverged_at=np.nan, accuracy_train=1.0)
                frame = frame.assign(**{LR: lr, MOMENTUM: momentum, DECAY: decay})
                frames.append(frame.assign(schedule=schedule) if schedule else frame)
    return pd.concat(frames, ignore_index=True)


def diverge(table: pd.DataFrame, run: str, step: int) -> pd.DataFrame:
    """The table with a run that diverges at a step: NaN from then on."""
    table = table.copy()
    lost = (table["run"] == run) & (table["step"] >= step)
    table.loc[lost, ["nc0", "accuracy_train"]] = np.nan
    table.loc[table["run"] == run, "diverged_at"] = float(step)
    return table
