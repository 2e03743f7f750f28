"""Figure 29 of zhao2026: all singular values of two matrices."""

import numpy as np
import pandas as pd

from scripts.figures import zhao2026_fig29
from tests.figures.grids import coupled_falls
from tests.papers.zhao2026.optimizer_runs import runs


def test_fig29_is_of_every_singular_value_but_the_last_of_the_means():
    spectrum = [np.array([3.0, 2.0, 1.0]) * seed for seed in (1, 2, 3)]
    table = runs(coupled_falls, ["adam"], (0.9,)).query("`optimizer.weight_decay` == 0")
    table = table.assign(weight_spectrum=spectrum, means_spectrum=spectrum)
    df = zhao2026_fig29.data(pd.concat([table.assign(step=step) for step in (0, 1, 10)]))
    assert sorted(df["step"].unique()) == [1, 10]
    last = df[df["step"] == 10].set_index(["matrix", "rank"])["mean"]
    assert last["weight_spectrum"].tolist() == [6.0, 4.0, 2.0]
    assert last["means_spectrum"].tolist() == [6.0, 4.0]
    above, below = zhao2026_fig29.draw(df).axes
    assert [line.get_ydata()[-1] for line in above.lines] == [6.0, 4.0, 2.0]
    assert len(below.lines) == 2
