"""Tables made again, compared with those that are shipped."""

import hashlib
import math

import numpy as np
import pandas as pd
import pytest

from latephase.errors import UserError
from scripts import verify

TABLE = pd.DataFrame(
    {
        "claim": ["a", "b", None],
        "estimate": [1.0, -2e-9, math.nan],
        "high": [math.inf, 3.0, 4.0],
        "n": [1, 2, 3],
        "note": ["1.00", "2.00", "3.00"],
    }
)


def changed(column, row, value):
    other = TABLE.copy()
    other.loc[row, column] = value
    return other


def test_the_same_table_is_the_same():
    assert verify.difference(TABLE, TABLE.copy()) == (0.0, None)
    assert verify.difference(TABLE.iloc[:0], TABLE.iloc[:0].copy()) == (0.0, None)


def test_prose_and_the_last_digits_do_not_count():
    assert verify.difference(changed("note", 0, "1.01"), TABLE) == (0.0, None)
    largest, told = verify.difference(changed("estimate", 1, -2e-9 * (1 + 5e-7)), TABLE)
    assert told is None
    assert largest == pytest.approx(5e-7, rel=1e-3)


@pytest.mark.parametrize(
    ("column", "row", "value", "told"),
    [
        ("estimate", 1, -2e-9 * (1 + 2e-6), "in row 2, estimate is -2.0"),
        ("estimate", 0, math.nan, "in row 1, estimate is nan, and was 1.0"),
        ("estimate", 2, 0.0, "in row 3, estimate is 0.0, and was nan"),
        ("high", 0, -math.inf, "in row 1, high is -inf, and was inf"),
        ("high", 1, math.inf, "in row 2, high is inf, and was 3.0"),
        ("n", 2, 4, "in row 3, n is 4, and was 3"),
        ("claim", 1, "c", "in row 2, claim is c, and was b"),
        ("claim", 2, "c", "in row 3, claim is c, and was nan"),
    ],
)
def test_any_other_difference_does(column, row, value, told):
    largest, found = verify.difference(changed(column, row, value), TABLE)
    assert found.startswith(told)
    assert largest > verify.RELATIVE


def test_what_is_left_of_zero_does_not_count():
    here, there = pd.DataFrame({"a": [0.0, 5e-17]}), pd.DataFrame({"a": [-3e-16, 0.0]})
    assert verify.difference(here, there)[1] is None
    assert verify.difference(here, there + 1e-9)[1] is not None


def test_numbers_among_words_are_numbers():
    here = pd.DataFrame({"a": ["never", "0.5000000001", "3"]})
    assert verify.difference(here, pd.DataFrame({"a": ["never", "0.5", "3.0"]}))[1] is None
    told = verify.difference(here, pd.DataFrame({"a": ["late", "0.5", "3"]}))[1]
    assert told == "in row 1, a is never, and was late"
    told = verify.difference(here, pd.DataFrame({"a": ["never", "0.5", "none"]}))[1]
    assert told == "in row 3, a is 3, and was none"


def test_nothing_to_verify_is_said():
    with pytest.raises(UserError, match=r"manifest\.json: it names no results"):
        verify.main(["--made", "--shipped", "--sha256"])


def test_other_columns_and_rows():
    assert verify.difference(TABLE[["claim", "n"]], TABLE)[1].startswith("its columns are claim, n")
    assert verify.difference(TABLE.iloc[:2], TABLE)[1] == "it has 2 rows, and had 3"


def test_relative_differences_by_hand():
    here, there = np.array([1.0, 0.0, 2.0, np.nan]), np.array([1.1, 0.0, 1.0, np.nan])
    np.testing.assert_allclose(verify.relative(here, there), [0.1 / 1.1, 0, 0.5, 0])


def test_every_file_is_told_and_one_that_differs_ends_it(tmp_path, capsys):
    names = ("same", "other")
    for name in names:
        TABLE.to_csv(tmp_path / f"{name}.csv", index=False)
        TABLE.to_csv(tmp_path / f"{name}-made.csv", index=False)
    changed("n", 0, 7).to_csv(tmp_path / "other-made.csv", index=False)
    shipped = [tmp_path / f"{name}.csv" for name in names]
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped]
    made = [tmp_path / f"{name}-made.csv" for name in names]
    given = ["--made", *map(str, made), "--shipped", *map(str, shipped), "--sha256"]
    with pytest.raises(UserError, match=r"other-made.csv: in row 1, n is 7, and was 1$"):
        verify.main([*given, *sums])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["same", "differs"]
    with pytest.raises(UserError, match=r"same.csv: its sha256 is .*, as in the manifest"):
        verify.main([*given, "0" * 64, sums[1]])
