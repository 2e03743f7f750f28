"""Runs and published values, as the tables of zhao2026 compare them."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.papers.zhao2026.optimizer_runs import SEEDS, runs

PUBLISHED = Path(__file__).parents[2] / "catalog/zhao2026/published"


def published(name):
    return pd.read_csv(PUBLISHED / f"zhao2026_{name}.csv")


def ends():
    """Adam's NC3 is least at decay 5e-3 and β₁ 0.9, AdamW's at 0.05 and 0; seeds differ by 0.01."""
    table = runs(lambda *_: 0.0, noise=0.0).assign(nc1_pinv=0.2, nc2_etf=0.3)
    cells = {("adam", 5e-3, 0.9): 0.1, ("adamw", 0.05, 0.0): 0.4}
    keys = zip(*(table[f"optimizer.{k}"] for k in ("name", "weight_decay", "beta1")), strict=True)
    least = np.array([cells.get(key, 0.8) for key in keys])
    return table.assign(nc3_duality=least + 0.01 * (table["seed"] - 2))


def without_decay():
    """Two momenta at 10 steps, one of them also at 100."""
    rows = [
        {"run": f"{momentum}-{steps}-{seed}", "step": step, "steps": steps, "seed": seed}
        | {"optimizer.lr": 0.01, "optimizer.momentum": momentum, "optimizer.weight_decay": 0.0}
        | {"diverged_at": np.nan, "accuracy_train": 1.0}
        | {"nc1_pinv": steps + momentum, "nc2_etf": 1.0, "nc3_duality": step / steps}
        for momentum, steps in ((0.0, 10), (0.9, 10), (0.9, 100))
        for step in (0, steps)
        for seed in SEEDS
    ]
    return pd.DataFrame(rows)


def sgd():
    """With decay, the best at 5e-3 and 0.9."""
    columns = {"nc1_pinv": 0.02, "nc2_etf": 0.2}
    table = runs(lambda _, rank, m: -rank * m, ["sgd", "adam"], noise=0, **columns)
    adam = table["optimizer.name"] == "adam"
    nc3 = np.where(
        adam, 0.0, 0.9 - 100 * table["optimizer.weight_decay"] * table["optimizer.beta1"]
    )
    nc3 = np.where(table["optimizer.weight_decay"] == 0, 0.0, nc3)
    table = table.rename(columns={"optimizer.beta1": "optimizer.momentum"})
    return table.assign(nc3_duality=nc3)
