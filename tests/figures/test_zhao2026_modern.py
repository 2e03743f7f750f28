"""Lion, Muon and Shampoo: a line for each coupling."""

import pandas as pd
import pytest

from scripts.figures import zhao2026_modern
from tests.papers.zhao2026.optimizer_runs import runs


def test_modern_optimizers_have_a_line_a_coupling_that_begins_without_decay():
    table = runs(lambda *_: 0.0, ["adam"], (0.9,)).assign(
        **{"optimizer.name": "muon", "optimizer.head": "adam"}
    )
    other = table.assign(
        **{"optimizer.coupled_weight_decay": table["optimizer.weight_decay"], "nc0": 1e-3}
    ).drop(columns="optimizer.weight_decay")
    other = other[other["optimizer.coupled_weight_decay"] > 0]
    other["run"] += "-coupled"
    df, counted = zhao2026_modern.data(pd.concat([table, other], ignore_index=True))
    assert counted == "All 15 runs are drawn."
    nc0 = df[df["metric"] == "nc0"].set_index("coupling")
    assert nc0.loc["coupled", "weight_decay"].tolist() == [0.0, 5e-4, 5e-3]
    assert nc0.loc["coupled", "mean"].tolist()[1:] == pytest.approx([1e-3, 1e-3])
    assert nc0.loc["decoupled", "weight_decay"].tolist() == [0.0, 5e-4, 5e-3]
    assert nc0["mean"].iloc[0] == nc0.loc["decoupled", "mean"].iloc[0] > 0.5
    assert set(df["optimizer"]) == {"muon, adam"}
    assert len(zhao2026_modern.draw(df).axes) == 2
    axes = zhao2026_modern.draw(pd.concat([df, df.assign(optimizer="mine")])).axes
    assert [ax.get_title(loc="left") for ax in axes[:2]] == ["Muon,\nAdam on the head", "mine"]
