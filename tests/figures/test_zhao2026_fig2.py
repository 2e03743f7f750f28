"""Figure 2 of zhao2026: runs and regressions."""

import numpy as np
import pandas as pd

from scripts.figures import zhao2026_fig2
from tests.figures.grids import TABLE

PUBLISHED = pd.DataFrame({"lr": ["0.01", "all"], "n": [5, 9], "slope": 0.2, "r_squared": 0.7})


def test_fig2_has_a_line_a_learning_rate_and_one_of_all():
    table = TABLE.assign(**{"optimizer.lr": np.where(np.arange(len(TABLE)) % 2, 0.01, 0.1)})
    df, _ = zhao2026_fig2.data(table, PUBLISHED)
    lines = df[df["kind"] == "regression"].set_index("lr")
    assert lines["n"].tolist() == [18, 18, 36]
    expected = np.polyfit(np.log10(table["nc0"]), table["nc3_duality"], 1)
    np.testing.assert_allclose(lines.loc[np.nan, ["slope", "intercept"]].astype(float), expected)
    assert lines["published_n"].tolist()[0] == 5
    assert np.isnan(lines["published_n"].tolist()[1])
    assert lines["published_n"].tolist()[2] == 9
    ax, text = zhao2026_fig2.draw(df).axes
    adam = df[df["optimizer"] == "adam"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), adam["nc0"])
    assert "0.200" in text.texts[0].get_text()
