"""Equations of modular arithmetic, x ∘ y = z mod p, after OpenAI's grok code (han2025, Fig. 1).

An equation is a sequence of tokens, ``<eos> x ∘ y = z <eos>``. A network reads all tokens but the
last one and predicts the next token at each position. Only the predictions of the answer z and of
the ``<eos>`` after it count.
"""

import hashlib

import numpy as np

from latephase.datasets import Places
from latephase.errors import UserError

SCHEMA = {
    "required": [
        "variant",
        "operation",
        "modulus",
        "shape",
        "vocabulary",
        "classes",
        "train",
        "test",
        "seed",
    ],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "operation": {"enum": ["+", "-", "*", "/"]},
        # It must be a prime, so that every y but 0 has an inverse.
        "modulus": {"type": "integer", "minimum": 2, "maximum": 1000},
        "shape": {"const": [6]},
        # The number of tokens, some of which may never occur. There are as many classes.
        "vocabulary": {"$ref": "#/$defs/size"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        # The seed of the order in which equations are split into training and test.
        "seed": {"type": "integer", "minimum": 0},
    },
}
END, EQUALS, FIRST_OPERATION, FIRST_NUMBER = 0, 1, 2, 22
"""Tokens. OpenAI's code has twenty operations; ours are the first four."""
OPERATIONS = "+-*/"


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Sequences [N, 6] as int32, without the last token, and the token of the answer [N].

    The equations are all p², or all p(p − 1) of a division, in which y is not 0. They are shuffled
    by ``numpy.random.RandomState(seed)``, a stream that NumPy keeps fixed for ever (NEP 19). The
    first ``train`` of them are the training set, and the others are the test set. The header's
    ``after`` is the token after every answer, and its ``answers`` are the first and the last token
    that can be an answer. Raises UserError for a modulus that is not prime, and for sizes or a
    vocabulary that do not fit.
    """
    p, operation = entry["modulus"], entry["operation"]
    if not _is_prime(p):
        raise UserError(f"data set {name}: modulus is {p}; allowed: a prime")
    x, y, z = equations(p, operation)
    last = FIRST_NUMBER + p - 1
    if entry["vocabulary"] <= last or entry["classes"] != entry["vocabulary"]:
        raise UserError(
            f"data set {name}: vocabulary and classes are {entry['vocabulary']} and "
            f"{entry['classes']}; allowed: the same, at least {last + 1}, for {FIRST_NUMBER} signs "
            f"and {p} numbers"
        )
    if entry["train"] + entry["test"] != len(x):
        raise UserError(
            f"data set {name}: train and test are {entry['train']} and {entry['test']}; allowed: "
            f"together {len(x)}, the equations that there are"
        )
    sign = FIRST_OPERATION + OPERATIONS.index(operation)
    columns = (END, x + FIRST_NUMBER, sign, y + FIRST_NUMBER, EQUALS, z + FIRST_NUMBER)
    order = np.random.RandomState(entry["seed"]).permutation(len(x))
    sequences = np.stack([np.broadcast_to(column, len(x)) for column in columns], 1)[order]
    arrays = {}
    for split, rows in (("train", slice(entry["train"])), ("test", slice(entry["train"], None))):
        arrays[f"{split}_inputs"] = sequences[rows].astype(np.int32)
        arrays[f"{split}_labels"] = sequences[rows, -1].astype(np.int64)
    facts = {
        "variant": entry["variant"],
        "source": f"generated: x {operation} y mod {p}, seed {entry['seed']}",
        "sha256": {
            key: hashlib.sha256(arrays[key].astype("<i4").tobytes()).hexdigest()
            for key in ("train_inputs", "test_inputs")
        },
        "classes": entry["classes"],
        "shape": [6],
        "inputs": "integers",
        "vocabulary": entry["vocabulary"],
        "after": END,
        "answers": [FIRST_NUMBER, last],
    }
    return arrays, facts


def equations(p: int, operation: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and z of every equation x ∘ y = z mod p, with x slowest: [p²], or [p(p − 1)] if divided.

    x / y is x times the inverse of y, the number whose product with y is 1.
    """
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(p), np.arange(p), indexing="ij"))
    if operation == "/":
        x, y = x[y > 0], y[y > 0]
        inverse = np.array([0] + [pow(number, -1, p) for number in range(1, p)])
        return x, y, x * inverse[y] % p
    z = {"+": x + y, "-": x - y, "*": x * y}[operation]
    return x, y, z % p


def _is_prime(p: int) -> bool:
    return all(p % divisor for divisor in range(2, int(p**0.5) + 1))
