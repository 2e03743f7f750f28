"""A vocab.txt of BERT's kind: word pieces, one per line."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from latephase.datasets.texts.reading import check_file, reading
from latephase.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

NAME = "word pieces, in lower case"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""Pieces with a special meaning. The first two are 0 and 1 in a reduced vocabulary."""
MOST = 1_000_000
"""The largest number of pieces."""


def numbers_of(path: str | os.PathLike) -> dict[str, int]:
    """The pieces of a vocabulary with their numbers. Raises UserError."""
    check_file(path)
    with reading(path), Path(path).open(encoding="utf-8-sig", newline="\n") as file:
        found = [line.rstrip("\r\n") for line in itertools.islice(file, MOST + 1)]
    if len(found) > MOST:
        raise UserError(f"{path}: has more than {MOST:,} lines; allowed: at most as many")
    numbers = {piece: i for i, piece in enumerate(found)}
    for piece in SPECIAL:
        if piece not in numbers:
            raise UserError(
                f"{path}: has no line {piece}; allowed: a vocab.txt as BERT has it, with "
                f"{', '.join(SPECIAL)}"
            )
    return numbers


def frame_of(pieces: dict[str, int]) -> tuple[list[int], int, list[int]]:
    """A text is between [CLS] and [SEP], and [PAD] pads it."""
    return [pieces["[CLS]"]], pieces["[PAD]"], [pieces["[SEP]"]]


def unknown(pieces: dict[str, int]) -> int:
    """Text without a piece is [UNK]."""
    return pieces["[UNK]"]


def tokenizer(path: str | os.PathLike, pieces: dict[str, int]) -> Tokenizer:
    """A tokenizer that cuts texts as in BERT's uncased models."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    made = Tokenizer(WordPiece(pieces, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    return made


def kept(tokens: np.ndarray, pieces: dict[str, int], whole: bool) -> np.ndarray:
    """The new number of each piece.

    If ``whole`` is true, all pieces keep their numbers. Otherwise only the pieces in ``tokens`` are
    kept: [PAD] is 0, [UNK] is 1, and the others follow in order. Other pieces become [UNK].
    """
    import numpy as np

    if whole:
        return np.arange(max(pieces.values()) + 1, dtype=np.int32)
    special = [pieces["[PAD]"], pieces["[UNK]"]]
    numbers = np.ones(max(pieces.values()) + 1, np.int32)
    numbers[special] = 0, 1
    found = np.union1d(tokens, special)
    others = found[~np.isin(found, special)]
    numbers[others] = np.arange(2, 2 + len(others))
    return numbers
