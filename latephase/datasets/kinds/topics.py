"""Generated texts about topics. No single word reveals the topic.

A *theme* is a set of words that two topics share. With K topics there are K(K − 1)/2 themes, and
one word of a theme leaves two topics possible. Most words of a text are common to all topics and
carry no information. So to recognise the topics, a network must learn which words matter, and
combine several of them.
"""

import hashlib
from itertools import combinations

import numpy as np

from latephase.datasets import Places
from latephase.errors import UserError

SCHEMA = {
    "required": [
        "variant",
        "shape",
        "vocabulary",
        "classes",
        "train",
        "test",
        "seed",
        "shortest",
        "themes",
        "share",
    ],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        "shape": {"$ref": "#/$defs/sequence_shape"},
        "vocabulary": {"$ref": "#/$defs/size"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        "seed": {"type": "integer", "minimum": 0},
        # The smallest number of words of a text. The largest is in the shape.
        "shortest": {"type": "integer", "minimum": 1},
        # The number of words of each theme. The rest of the vocabulary is common to all topics.
        "themes": {"type": "integer", "minimum": 1},
        # The share of a text's words that belong to a theme.
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    },
}
PADDING = 0
"""Pads a text that is shorter than the longest."""


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Words [N, T] as int32, padded with 0, and topics [N] in turn: 0, …, K − 1, 0, …

    Each position of a text has a word of a theme with probability ``share``. The theme is then one
    of the topic's K − 1 themes, and the word one of its words, both with equal probability.
    Otherwise the word is one of the common words, with equal probability. The draws are from
    ``numpy.random.RandomState(seed)``, a stream that NumPy keeps fixed forever (NEP 19). Raises
    UserError if the vocabulary has no room for themes and common words, or if the shortest text
    would be longer than the longest.
    """
    classes, (length,) = entry["classes"], entry["shape"]
    pairs = list(combinations(range(classes), 2))
    common = 1 + len(pairs) * entry["themes"]
    if common >= entry["vocabulary"]:
        raise UserError(
            f"data set {name}: vocabulary is {entry['vocabulary']}; allowed: at least "
            f"{common + 1}, for padding, {len(pairs)} themes of {entry['themes']} words and one "
            "common word"
        )
    if entry["shortest"] > length:
        raise UserError(
            f"data set {name}: shortest is {entry['shortest']}; allowed: up to {length}, its shape"
        )
    of_topic = np.array([[i for i, pair in enumerate(pairs) if k in pair] for k in range(classes)])
    random, arrays = np.random.RandomState(entry["seed"]), {}
    for split in ("train", "test"):
        labels = np.arange(entry[split]) % classes
        size = (len(labels), length)
        theme = of_topic[labels[:, None], random.randint(classes - 1, size=size)]
        word = 1 + theme * entry["themes"] + random.randint(entry["themes"], size=size)
        filler = random.randint(common, entry["vocabulary"], size=size)
        words = np.where(random.random_sample(size) < entry["share"], word, filler)
        lengths = random.randint(entry["shortest"], length + 1, size=len(labels))
        words[np.arange(length) >= lengths[:, None]] = PADDING
        arrays[f"{split}_inputs"] = words.astype(np.int32)
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    facts = {
        "variant": entry["variant"],
        "source": "generated: texts about topics, seed {seed}".format(**entry),
        "sha256": {
            key: hashlib.sha256(arrays[key].astype("<i4").tobytes()).hexdigest()
            for key in ("train_inputs", "test_inputs")
        },
        "classes": classes,
        "shape": [length],
        "inputs": "integers",
        "vocabulary": entry["vocabulary"],
        "padding": PADDING,
    }
    return arrays, facts
