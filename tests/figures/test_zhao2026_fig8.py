"""Figure 8 of zhao2026: from decoupled to coupled weight decay."""

from scripts.figures import zhao2026_fig8
from tests.papers.zhao2026.optimizer_runs import runs


def test_fig8_is_by_the_coupled_share():
    table = runs(lambda *_: 0.0, ["adam"], (0.9,))
    shares = table["optimizer.weight_decay"].map({0.0: 1.0, 5e-4: 0.5, 5e-3: 0.0})
    table["optimizer.coupled_weight_decay"] = 0.01 * shares
    table["optimizer.weight_decay"] = 0.01 * (1 - shares)
    df = zhao2026_fig8.data(table.assign(nc2_etf=shares))
    nc2 = df[df["metric"] == "nc2_etf"]
    assert nc2["share"].tolist() == nc2["mean"].tolist() == [0.0, 0.5, 1.0]
    axes = zhao2026_fig8.draw(df).axes
    assert [ax.get_yscale() for ax in axes] == ["linear", "log", "linear", "linear"]
