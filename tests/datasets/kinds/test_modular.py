"""Equations of modular arithmetic: each of them once, and true."""

import numpy as np
import pytest

from latephase.datasets.kinds import modular
from latephase.datasets.prepare import prepare
from latephase.errors import UserError

SMALL = {
    "kind": "modular",
    "variant": "generated",
    "operation": "+",
    "modulus": 7,
    "shape": [6],
    "vocabulary": 29,
    "classes": 29,
    "train": 24,
    "test": 25,
    "seed": 0,
}


def read_back(arrays: dict) -> list[tuple[int, str, int, int]]:
    """x, sign, y and z of all equations of both splits, as a reader of the tokens sees them."""
    found = []
    for split in ("train", "test"):
        for tokens, label in zip(arrays[f"{split}_inputs"], arrays[f"{split}_labels"], strict=True):
            end, x, sign, y, equals, z = tokens.tolist()
            assert (end, equals, z) == (0, 1, label)
            found.append((x - 22, "+-*/"[sign - 2], y - 22, z - 22))
    return found


@pytest.mark.parametrize("operation", "+-*/")
def test_every_equation_is_there_once_and_holds(operation):
    of_division = operation == "/"
    entry = SMALL | {"operation": operation, "test": 18 if of_division else 25}
    arrays, _ = prepare("mod", entry)
    found = read_back(arrays)
    assert {(x, y) for x, _, y, _ in found} == {
        (x, y) for x in range(7) for y in range(of_division, 7)
    }
    assert len(found) == len(set(found))
    for x, sign, y, z in found:
        assert sign == operation
        # Of a division, what it undoes: z · y = x. Multiplication in its place would not hold.
        left, right = (z * y, x) if of_division else (z, eval(f"{x}{sign}{y}"))
        assert left % 7 == right % 7


def test_division_is_not_multiplication():
    x, y, divided = modular.equations(7, "/")
    _, _, multiplied = modular.equations(7, "*")
    multiplied = multiplied.reshape(7, 7)[x, y]
    # They agree where y is its own inverse, 1 and −1, and where x is 0.
    assert np.array_equal(divided == multiplied, (x == 0) | np.isin(y, [1, 6]))


def test_the_split_goes_by_its_own_seed():
    one, other = (prepare("mod", SMALL | {"seed": seed})[0] for seed in (0, 1))
    assert not np.array_equal(one["train_inputs"], other["train_inputs"])
    again, header = prepare("mod", SMALL)
    assert np.array_equal(one["train_inputs"], again["train_inputs"])
    assert (header["after"], header["answers"]) == (0, [22, 28])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"modulus": 9}, "modulus is 9; allowed: a prime"),
        ({"train": 23}, "train and test are 23 and 25; allowed: together 49"),
        ({"vocabulary": 28, "classes": 28}, "28 and 28; allowed: the same, at least 29"),
        ({"classes": 7}, "vocabulary and classes are 29 and 7; allowed: the same"),
    ],
)
def test_what_does_not_fit_is_told(wrong, told):
    with pytest.raises(UserError, match=f"data set mod: .*{told}"):
        prepare("mod", SMALL | wrong)
