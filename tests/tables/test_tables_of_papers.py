"""Tables of a paper: what the runs say, the paper's values beside it, and nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latephase import tables
from latephase.errors import UserError
from scripts.tables import Quantity, over_seeds, zhao2026_table2, zhao2026_table3, zhao2026_table5
from scripts.tables import zhao2026_table6 as table6
from scripts.tables import zhao2026_table7 as table7
from scripts.tables.page import as_printed, number, page
from tests.optimizer_runs import SEEDS, runs

PUBLISHED = Path(__file__).parents[1] / "catalog/published"
HOSTILE = '</th><script>pwned()</script> & <b>\'"1"'


def published(name):
    return pd.read_csv(PUBLISHED / f"zhao2026_{name}.csv")


def ends():
    """Adam's NC3 is least at decay 5e-3 and β₁ 0.9, AdamW's at 0.05 and 0; seeds differ by 0.01."""
    table = runs(lambda *_: 0.0, noise=0.0).assign(nc1_pinv=0.2, nc2_etf=0.3)
    cells = {("adam", 5e-3, 0.9): 0.1, ("adamw", 0.05, 0.0): 0.4}
    keys = zip(*(table[f"optimizer.{k}"] for k in ("name", "weight_decay", "beta1")), strict=True)
    least = np.array([cells.get(key, 0.8) for key in keys])
    return table.assign(nc3_duality=least + 0.01 * (table["seed"] - 2))


def test_the_ends_of_six_optimizers_are_means_over_the_seeds_that_did_not_diverge():
    table = ends().query("`optimizer.weight_decay` == 0 and `optimizer.beta1` == 0.9")
    table = pd.concat([table.assign(step=50, nc0=99.0), table], ignore_index=True)
    table["nc0"] = np.where(table["step"] == 100, table["seed"].astype(float), table["nc0"])
    table.loc[(table["optimizer.name"] == "adamw") & (table["seed"] == 3), "diverged_at"] = 60.0
    df = zhao2026_table2.data(table, published("table2"))
    names = ["sgd", "sgdw", "adam", "adamw", "signum", "signumw"]
    assert df["optimizer"].tolist() == names
    rows = df.set_index("optimizer")
    assert rows.loc["adam", ["seeds", "nc0", "published_nc0"]].tolist() == [3, 2.0, 0.34]
    assert rows.loc["adamw", ["seeds", "nc0", "published_nc0"]].tolist() == [2, 1.5, 5.33]
    assert rows.loc["adam", ["nc0_low", "nc0_high"]].tolist() == [1.0, 3.0]
    assert np.isnan(rows.loc["sgd", "nc0"])
    assert rows.loc["signumw", "published_nc0"] == 3185.69


def test_one_seed_has_no_interval():
    table = pd.DataFrame({"seed": 1, "k": ["a", "b"], "x": [1.0, 2.0]})
    df = over_seeds(table, ["k"], [Quantity("x", "X", "x")])
    assert df["x"].tolist() == [1.0, 2.0]
    assert df[["x_low", "x_high"]].isna().all(axis=None)


def test_the_best_cell_is_by_the_mean_over_seeds_of_runs_that_fit():
    """A single lucky seed does not make a cell the best, nor one that does not fit."""
    table = ends()
    lucky = (table["optimizer.weight_decay"] == 0) & (table["optimizer.beta1"] == 0.0)
    table.loc[lucky & (table["seed"] == 1), "nc3_duality"] = 0.05
    unfit = (table["optimizer.weight_decay"] == 5e-4) & (table["optimizer.name"] == "adam")
    table.loc[unfit, ["nc3_duality", "accuracy_train"]] = [0.0, 0.98]
    df, counted = zhao2026_table3.data(table, published("table3"))
    rows = df.set_index("optimizer")
    assert "30 of 36 runs reach 99%" in counted
    assert rows.loc["adam", ["seeds", "nc3_duality", "published_nc3"]].tolist() == pytest.approx(
        [3, 0.1, 0.17]
    )
    assert rows.loc["adamw", "nc3_duality"] == pytest.approx(0.4)
    found = zhao2026_table5.data(table, published("table5"))[0].set_index("optimizer")
    ours = ["lr", "momentum", "weight_decay"]
    assert found.loc["adam", ours].tolist() == [0.01, 0.9, 5e-3]
    assert found.loc["adamw", ours].tolist() == [0.01, 0.0, 0.05]
    assert found.loc["adamw", [f"published_{name}" for name in ours]].tolist() == [0.005, 0.95, 5]
    assert found.loc["signumw", "published_weight_decay"] == 10
    assert found.loc["signumw", ours].isna().all()


@pytest.mark.parametrize("program", [zhao2026_table3, zhao2026_table5])
def test_without_a_run_that_fits_the_paper_s_values_are_left(program):
    table = ends().assign(accuracy_train=0.5)
    df, counted = program.data(table, published("table5"))
    assert "0 of 36 runs" in counted
    assert len(df) == 6
    assert (
        df.drop(columns=[c for c in df if c.startswith("published_")])
        .iloc[:, 1:]
        .isna()
        .all(axis=None)
    )


def test_regressions_are_by_learning_rate_and_of_all_with_intervals_of_whole_seeds():
    table = runs(lambda _, rank, momentum: rank + momentum)
    table["optimizer.lr"] = np.where(table["optimizer.name"] == "adam", 0.001, 0.05)
    slopes = {1: 0.1, 2: 0.2, 3: 0.3}
    table["nc3_duality"] = np.log10(table["nc0"]) * table["seed"].map(slopes)
    df, _ = table6.data(table, published("table6"))
    assert df["lr"].tolist() == ["0.001", "0.005", "0.01", "0.05", "0.0679", "all"]
    rows = df.set_index("lr")
    assert rows.loc[["0.001", "0.05", "all"], "n"].tolist() == [18, 18, 36]
    x, y = np.log10(table["nc0"]), table["nc3_duality"]
    assert rows.loc["all", "slope"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert rows.loc["all", "r_squared"] == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    # A draw of one seed three times has its slope.
    low, high = rows.loc["all", ["slope_low", "slope_high"]]
    assert low == pytest.approx(0.1, abs=1e-3)
    assert high == pytest.approx(0.3, abs=1e-3)
    assert rows.loc["0.001", ["published_n", "published_slope"]].tolist() == [170, 0.19]
    assert rows.loc["all", "published_n"] == 399
    assert np.isnan(rows.loc["0.05", "published_n"])
    assert np.isnan(rows.loc["0.0679", "n"])


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


def test_sgd_without_decay_is_a_row_a_momentum_and_length_and_its_best_run_with_decay():
    table = without_decay()
    table.loc[table["run"] == "0.9-100-2", "accuracy_train"] = 0.1
    df, counted = table7.data(table, sgd(), published("table7"))
    assert df["weight_decay"].tolist() == [0, 0, 0, 5e-3]
    assert df["momentum"].tolist() == [0, 0.9, 0.9, 0.9]
    assert df["steps"].tolist() == [10, 10, 100, 100]
    assert df["seeds"].tolist() == [3] * 4
    assert df["fitted"].tolist() == [3, 3, 2, 3]
    assert df["nc1_pinv"].tolist() == pytest.approx([10, 10.9, 100.9, 0.02])
    assert df["nc3_duality"].tolist() == pytest.approx([1, 1, 1, 0.45])
    # Of the paper there are two rows: the longest without decay, and the one with it.
    assert df["published_nc3"].fillna(-1).tolist() == [-1, -1, 0.7, 0.13]
    assert "12 of 12 runs reach 99%" in counted
    assert "2000 epochs" in counted


def test_a_dead_run_is_a_row_without_numbers():
    table = without_decay()
    table.loc[table["steps"] == 100, ["nc1_pinv", "nc2_etf", "nc3_duality"]] = np.nan
    df, _ = table7.data(table, sgd(), published("table7"))
    assert df["steps"].tolist() == [10, 10, 100, 100]
    assert df.loc[2, ["nc1_pinv", "nc2_etf", "nc3_duality"]].isna().all()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, ""),
        (0.0, "0"),
        (0.12345, "0.123"),
        (0.8, "0.800"),
        (3185.69, "3190"),
        (12.34, "12.3"),
        (1234567.8, "1.23e6"),
        (2.14e-4, "2.14e−4"),
        (-0.5, "−0.500"),
        (4321.0, "4321"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
    ],
)
def test_our_values_have_three_digits_and_counts_all_of_theirs(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3185.69, "3185.69"),
        (2.14e-4, "2.14e−4"),
        (1.5e-5, "1.5e−5"),
        (0.8, "0.8"),
        (399.0, "399"),
        (0.0679, "0.0679"),
        (5e-4, "5e−4"),
        (10.0, "10"),
        (np.nan, ""),
    ],
)
def test_the_paper_s_values_have_the_digits_it_prints(value, text):
    assert as_printed(value) == text


class Cells(HTMLParser):
    """The rows of a page's table, as texts, and its elements."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.elements = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip() and data


def test_what_is_text_stays_text_in_a_page():
    df = pd.DataFrame({"optimizer": [HOSTILE], "x": [0.5], "published_x": [0.25]})
    text = page(df, HOSTILE, {"optimizer": HOSTILE}, [Quantity("x", HOSTILE, "x")], HOSTILE)
    assert "<script" not in text
    assert "<b>" not in text
    cells = Cells(text)
    assert text.count("pwned()") == 7  # title, heading, label, caption, two heads, row
    assert cells.rows[2] == [HOSTILE, "0.500", "0.25"]
    assert not [attributes for _, attributes in cells.elements if "onerror" in attributes]
    (policy,) = (a["content"] for _, a in cells.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_a_program_writes_what_it_shows(tmp_path):
    """As many rows and numbers in the page as in the CSV, ours and the paper's side by side."""
    tables.write(tmp_path / "study.parquet", ends())
    files = {kind: tmp_path / f"made/table.{kind}" for kind in ("csv", "html")}
    arguments = [f"--table={tmp_path / 'study.parquet'}", "--title=Six < seven", "--note=digits"]
    arguments += [f"--published={PUBLISHED / 'zhao2026_table3.csv'}"]
    zhao2026_table3.main([*arguments, *(f"--{kind}={path}" for kind, path in files.items())])
    df = pd.read_csv(files["csv"])
    assert list(df)[:3] == ["optimizer", "seeds", "nc0"]
    assert list(df)[-4:] == ["nc3_duality", "nc3_duality_low", "nc3_duality_high", "published_nc3"]
    text = files["html"].read_text()
    heads, pairs, *rows = Cells(text).rows
    assert heads == ["Optimizer", "Seeds", "NC0", "NC1", "NC2", "NC3"]
    assert pairs == ["ours", "paper"] * 4
    assert len(rows) == len(df) == 4
    adam = next(row for row in rows if row[0] == "Adam")
    assert adam[-2:] == ["0.100[0.0900, 0.110]", "0.17"]
    shown = sum(bool(cell) for row in rows for cell in row)
    intervals = df.filter(regex="_(low|high)$")
    assert shown == df.notna().sum().sum() - intervals.notna().sum().sum()
    assert "digits; ours are means over seeds; 36 of 36 runs reach 99% training accuracy" in text
    assert "<h1>Six &lt; seven</h1>" in text
    assert not re.search(r"(src|href)=", text)
    assert not list(tmp_path.rglob("*.part"))


def test_a_column_that_is_missing_is_one_line(tmp_path):
    tables.write(tmp_path / "study.parquet", ends().drop(columns="nc2_etf"))
    arguments = [f"--table={tmp_path / 'study.parquet'}", "--title=t", "--csv=c", "--html=h"]
    arguments += [f"--published={PUBLISHED / 'zhao2026_table2.csv'}"]
    with pytest.raises(UserError, match="no column nc2_etf"):
        zhao2026_table2.main(arguments)
