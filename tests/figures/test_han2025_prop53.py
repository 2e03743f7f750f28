"""Relative flatness against the logit scale: exact collapse lies on its own curve."""

import numpy as np
import pandas as pd
import pytest

from latephase.papers.han2025 import theory
from scripts.figures import han2025_prop53

K = 10


def table(scales):
    """A run whose checkpoints are exact collapse about 0, of features of norm 3."""
    found = theory.flatness_at_collapse(scales, K, size=3.0)
    true, _ = theory.probabilities(scales, K)
    return pd.DataFrame(
        {
            "run": "a",
            "seed": 1,
            "step": np.arange(len(scales)),
            "diverged_at": np.nan,
            "arm": "baseline",
            "loss_train": -np.log(true),
            "relative_flatness": found.relative_flatness,
        }
    )


def test_exact_collapse_lies_on_the_curve():
    scales = np.array([0.1, 1.0, 2.9, 8.0])
    df = han2025_prop53.data(table(scales), K, "arm")
    runs, curve = (df[df["kind"] == kind] for kind in ("run", "collapse"))
    assert runs["scale"].to_numpy() == pytest.approx(scales, rel=1e-6)
    # κ of features of norm 3 and rows of norm s/3 is that of features of norm 1.
    expected = np.interp(np.log(scales), np.log(curve["scale"]), np.log(curve["kappa"]))
    assert np.log(runs["kappa"].to_numpy()) == pytest.approx(expected, abs=0.01)


def test_a_loss_above_that_of_no_logits_has_no_scale():
    worse = table(np.array([1.0])).assign(loss_train=3.0)
    assert (han2025_prop53.data(worse, K, "arm")["kind"] == "collapse").all()
