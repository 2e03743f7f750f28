"""Study tables whose onsets are known, for the tests of analysis, claims and figures."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

LR = 1e-3
DECAYS = (0.3, 0.1, 0.03, 0.01)
SEEDS = (42, 43, 44)
LAST = 100_000

Clock = Callable[[float], float]


def constant(step: float) -> Clock:
    """The same time for every weight decay."""
    return lambda decay: step


def inverse(scale: float) -> Clock:
    """A time that goes as 1 / (learning rate × weight decay)."""
    return lambda decay: scale / (LR * decay)


FITTED = constant(200)
CONTRACTED = inverse(0.6)


def logged_steps(last: int = LAST, count: int = 90) -> np.ndarray:
    """Step 0, then steps spaced evenly in log, as the checkpoints of a run."""
    return np.unique(np.r_[0, np.geomspace(1, last, count).round()]).astype(int)


def sigmoid(steps: np.ndarray, time: float, width: float) -> np.ndarray:
    """A rise from 0 to 1 in log10(step), half-way at ``time``; ``width`` in decades."""
    with np.errstate(divide="ignore", over="ignore"):
        return 1 / (1 + np.exp(-(np.log10(steps) - np.log10(time)) / width))


def study_table(
    *,
    train: Clock = FITTED,
    test: Clock = CONTRACTED,
    rnc1: Clock = CONTRACTED,
    decays: Sequence[float] = DECAYS,
    seeds: Sequence[int] = SEEDS,
    jitter: float = 0.03,
    noise: float = 0.01,
    last: int = LAST,
    rng_seed: int = 0,
) -> pd.DataFrame:
    """One row a run and step. ``train``, ``test``, ``rnc1`` give half-way times by decay.

    Training accuracy rises from 0.1 to 1 and test accuracy from 0.1 (a little of it with the
    training accuracy) to 0.88; RNC1 falls from 0.5 by two decades. ``jitter`` is the standard
    deviation of a run's times in decades, ``noise`` that of each logged value.
    """
    rng = np.random.default_rng(rng_seed)
    steps = logged_steps(last)
    frames = []
    for decay in decays:
        for seed in seeds:
            times = [clock(decay) * 10 ** rng.normal(0, jitter) for clock in (train, test, rnc1)]
            frames.append(_history(f"{decay:g}-{seed}", decay, seed, steps, times, noise, rng))
    return pd.concat(frames, ignore_index=True)


def _history(run, decay, seed, steps, times, noise, rng) -> pd.DataFrame:
    fitted = sigmoid(steps, times[0], 0.05)
    generalised = sigmoid(steps, times[1], 0.05)
    contracted = sigmoid(steps, times[2], 0.08)

    def scattered(values: np.ndarray) -> np.ndarray:
        return values * np.exp(rng.normal(0, 4 * noise, len(steps)))

    within = 0.5 * 10 ** (-2 * contracted)
    separated = 10 ** (-fitted)
    return pd.DataFrame(
        {
            "run": run,
            "step": steps,
            "optimizer.weight_decay": decay,
            "seed": seed,
            "optimizer.lr": LR,
            "loss_train": 1e-4 + 8 * (1 - fitted),
            "loss_test": 1e-1 + 8 * (1 - generalised),
            "accuracy_train": 0.1 + 0.9 * fitted,
            "accuracy_test": np.clip(
                0.1 + 0.05 * fitted + 0.73 * generalised + rng.normal(0, noise / 2, len(steps)),
                0,
                1,
            ),
            "diverged_at": np.nan,
            "wall_seconds": 1.0,
            "rnc1": scattered(within),
            "nc2_condition": 1 + scattered(40 * 10 ** (-1.8 * contracted)),
            "nc1_pinv": scattered(20 * within * separated),
            "nc1_trace_ratio": scattered(8 * within * separated),
            "cdnv": scattered(4 * within * separated),
            "nc0": scattered(3 * (1 - 0.95 * contracted)),
            "nc0_normalized": scattered(0.9 * (1 - 0.9 * contracted)),
            "relative_flatness": scattered(30 + 900 * fitted * (1 - 0.97 * generalised)),
            "relative_flatness_bound": scattered(300 + 9e3 * fitted * (1 - 0.97 * generalised)),
            "nhsic_difference": 12 * (1 - 0.8 * contracted) + rng.normal(0, 10 * noise, len(steps)),
        }
    )


def diverge(table: pd.DataFrame, run: str, step: int) -> pd.DataFrame:
    """The table with a run that diverges at a step: NaN from then on, accuracy at chance."""
    table = table.copy()
    lost = (table["run"] == run) & (table["step"] >= step)
    metrics = table.columns[table.columns.get_loc("rnc1") :]
    table.loc[lost, ["loss_train", "loss_test", *metrics]] = np.nan
    table.loc[lost, ["accuracy_train", "accuracy_test"]] = 0.1
    table.loc[table["run"] == run, "diverged_at"] = float(step)
    return table


def margins_table(
    table: pd.DataFrame,
    *,
    steps: Sequence[int] = (10, 100, 1000, 10_000, LAST),
    pairs: Sequence[tuple[int, int]] = ((0, 1),),
    samples: int = 60,
    rng_seed: int = 0,
) -> pd.DataFrame:
    """Margins whose spread goes with the square root of RNC1, and wider where unseen."""
    rng = np.random.default_rng(rng_seed)
    logged = np.sort(table["step"].unique())
    nearest = [int(logged[np.abs(logged - step).argmin()]) for step in steps]
    frames = []
    for row in table[table["step"].isin(nearest)].itertuples():
        for a, b in pairs:
            for split, spread in (("train", 0.15), ("test", 1.1)):
                for label, centre in ((a, 1.0), (b, -1.0)):
                    values = centre + spread * np.sqrt(row.rnc1 / 0.5) * rng.normal(size=samples)
                    frame = pd.DataFrame({"margin": values})
                    frame.insert(0, "run", row.run)
                    frame.insert(1, "step", row.step)
                    frame.insert(2, "seed", row.seed)
                    frames.append(frame.assign(split=split, class_a=a, class_b=b, label=label))
    return pd.concat(frames, ignore_index=True)
