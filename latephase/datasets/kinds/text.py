"""The user's texts with labels, and a vocabulary of their pieces.

The Snakefile calls :func:`entry_of` before anything runs.
"""

from __future__ import annotations

import hashlib
import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

from latephase.datasets import Places
from latephase.datasets.texts import byte_pairs, word_pieces
from latephase.datasets.texts.reading import sha256
from latephase.datasets.texts.tables import examples
from latephase.datasets.texts.tokens import tokens_of
from latephase.errors import UserError

if TYPE_CHECKING:
    import numpy as np

SCHEMA = {
    "required": ["variant", "shape", "classes", "train", "test", "text", "label"],
    "properties": {
        "variant": {"$ref": "#/$defs/variant"},
        # The number of tokens of a text, with those at its ends. A longer text is cut.
        "shape": {"$ref": "#/$defs/sequence_shape"},
        "classes": {"$ref": "#/$defs/classes"},
        "train": {"$ref": "#/$defs/size"},
        "test": {"$ref": "#/$defs/size"},
        # The column of the texts, or several columns, whose texts are joined by a blank.
        "text": {"$ref": "#/$defs/text_columns"},
        "label": {"type": "string", "minLength": 1},
        # Names of the classes in order. Without them, labels are 0, 1, …
        "labels": {"$ref": "#/$defs/label_names"},
        # Names of all columns, if a .csv or .tsv has no first line with them.
        "columns": {"$ref": "#/$defs/column_names"},
        # A seed of a random order of the training texts, if the file is sorted by labels.
        "shuffle": {"type": "integer", "minimum": 0},
        # Whether all pieces are kept with their numbers, as pretrained weights need them.
        "whole_vocabulary": {"type": "boolean"},
        # The number of pieces that are kept.
        "vocabulary": {"$ref": "#/$defs/size"},
    },
}
LENGTH = 128
"""The number of tokens of a text, unless the user sets another."""
KEPT = ("columns", "shuffle", "whole_vocabulary")
"""Keys of the configuration that an entry has too."""


def entry_of(given: dict[str, Any]) -> dict[str, Any]:
    """The entry that texts would have in catalog/datasets.yaml. Every text and label is read.

    ``given`` is the configuration of the texts: train, test, vocabulary and labels and, if they
    differ from the defaults, text, label, columns, length, shuffle and whole_vocabulary. Raises
    UserError if a file is not as required.
    """
    entry = bare_entry_of(given)
    _check_vocabulary(given["vocabulary"])
    sizes = {}
    for split in ("train", "test"):
        if isinstance(given[split], int):
            continue
        sizes[split] = sum(1 for _ in examples(given[split], entry))
        if not sizes[split]:
            raise UserError(f"{given[split]}: holds no text; allowed: at least one")
    if isinstance(given["test"], int):
        if given["test"] >= sizes["train"]:
            line = f"{given['train']}: holds {sizes['train']} texts"
            raise UserError(
                f"{line}, of which {given['test']} are for the test set; allowed: fewer"
            )
        sizes = {"train": sizes["train"] - given["test"], "test": given["test"]}
    return entry | sizes


def bare_entry_of(given: dict[str, Any]) -> dict[str, Any]:
    """The same without the numbers of texts. No text is read."""
    labels, texts = given["labels"], given.get("text", "text")
    if given.get("label", "label") in ([texts] if isinstance(texts, str) else texts):
        raise UserError(
            f"texts: label is {given.get('label', 'label')}, which is among the columns of text; "
            "allowed: another column"
        )
    named = {} if isinstance(labels, int) else {"labels": labels}
    return {
        "kind": "text",
        "variant": "user",
        "shape": [given.get("length", LENGTH)],
        "classes": labels if isinstance(labels, int) else len(labels),
        "text": texts,
        "label": given.get("label", "label"),
        **named,
        **{key: given[key] for key in KEPT if key in given},
    }


def check_files(given: dict[str, Any], entry: dict[str, Any]) -> None:
    """Raise a UserError if a file of texts is missing or lacks a column.

    Only the first text of a file is read.
    """
    _check_vocabulary(given["vocabulary"])
    for split in ("train", "test"):
        if not isinstance(given[split], int):
            next(examples(given[split], entry), None)


def content(given: dict[str, Any]) -> str:
    """A digest of the contents of the files, independent of their places."""
    found = [
        sha256(path) if isinstance(path := given[key], str) else str(path)
        for key in ("train", "test", "vocabulary")
    ]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def _vocabulary_of(path: str) -> ModuleType:
    """The module that reads a vocabulary."""
    return byte_pairs if path.endswith(".json") else word_pieces


def _check_vocabulary(path: str) -> None:
    _vocabulary_of(path).numbers_of(path)


def read(name: str, entry: dict, places: Places) -> tuple[dict[str, np.ndarray], dict]:
    """Tokens [N, T] as int32 and classes [N].

    A text is converted to lower case and cut into word pieces as in BERT's uncased models, between
    [CLS] and [SEP]. If a text is longer than T, its first T tokens are kept, so [SEP] may be lost.
    Then the vocabulary is reduced to the tokens of all training texts: [PAD] is 0, [UNK] is 1, and
    the others follow in the order of the vocab.txt. A token that occurs only in test texts becomes
    [UNK].

    With ``whole_vocabulary``, all pieces are kept with their numbers in the vocab.txt. All pieces
    are also kept for a tokenizer.json, with which a text is cut into byte pairs as in GPT-2: it is
    not converted to lower case, no token is put before or after it, and <|endoftext|> pads shorter
    texts.
    """
    import numpy as np

    given = places.texts
    if given is None:
        raise UserError(f"data set {name}: kind text needs files; give them with --texts")
    for key in ("train", "test", "vocabulary", *([] if "shape" in entry else ["labels"])):
        if key not in given:
            raise UserError(f"data set {name}: {key} is missing from its texts; it must be given")
    if "shape" not in entry:
        entry = bare_entry_of(given) | entry
    # A tokenizer must not start threads beyond those of the job.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    vocabulary, length = _vocabulary_of(given["vocabulary"]), entry["shape"][0]
    pieces = vocabulary.numbers_of(given["vocabulary"])
    tokenizer = vocabulary.tokenizer(given["vocabulary"], pieces)
    frame = vocabulary.frame_of(pieces)
    found, cut = {}, {}
    for split in ("train", "test"):
        if isinstance(given[split], str):
            texts = examples(given[split], entry)
            found[split], cut[split] = tokens_of(texts, tokenizer, frame, length)
    if "shuffle" in entry:
        order = np.random.RandomState(entry["shuffle"]).permutation(len(found["train"][1]))
        found["train"] = tuple(array[order] for array in found["train"])
    if isinstance(given["test"], int):
        found = _cut_off(found["train"], given)
    _check_classes(name, found, entry["classes"])
    whole = entry.get("whole_vocabulary", False)
    numbers = vocabulary.kept(found["train"][0], pieces, whole)
    arrays = {}
    for split, (tokens, labels) in found.items():
        arrays[f"{split}_inputs"], arrays[f"{split}_labels"] = numbers[tokens], labels
    _, padding, _ = frame
    tested = arrays["test_inputs"]
    words, unknown = tested != numbers[padding], vocabulary.unknown(pieces)
    lost = tested[words] == numbers[unknown] if unknown is not None else np.zeros(1)
    facts = {
        "variant": entry["variant"],
        "source": f"texts as {vocabulary.NAME}",
        "sha256": {
            key: sha256(path)
            for key in ("train", "test", "vocabulary")
            if isinstance(path := given[key], str)
        },
        "classes": entry["classes"],
        "shape": [length],
        "inputs": "integers",
        "vocabulary": int(numbers.max()) + 1,
        "padding": int(numbers[padding]),
        # The number of texts that were cut, and the share of test tokens that training lacks.
        "cut": cut,
        "unknown": round(float(lost.mean()), 6),
    }
    return arrays, facts


def _cut_off(
    whole: tuple[np.ndarray, np.ndarray], given: dict[str, Any]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Use the last training texts as the test set. Raises UserError if no training text is left."""
    tokens, labels = whole
    at = len(labels) - given["test"]
    if at < 1:
        line = f"{given['train']}: holds {len(labels)} texts"
        raise UserError(f"{line}, of which {given['test']} are for the test set; allowed: fewer")
    return {"train": (tokens[:at], labels[:at]), "test": (tokens[at:], labels[at:])}


def _check_classes(
    name: str, found: dict[str, tuple[np.ndarray, np.ndarray]], classes: int
) -> None:
    """Raise a UserError if a class has no text."""
    for split, (_, labels) in found.items():
        if missing := sorted({*range(classes)} - {*labels.tolist()}):
            raise UserError(
                f"data set {name}: no text to {split} is of class "
                f"{', '.join(map(str, missing[:5]))}; allowed: texts of all {classes} "
                "classes (use shuffle if the file is sorted by its labels)"
            )
