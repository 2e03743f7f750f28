"""A tokenizer.json of GPT-2's kind: byte pairs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from latephase.datasets.texts.reading import check_file, reading
from latephase.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

NAME = "byte pairs"
END = "<|endoftext|>"
"""The piece that pads a shorter text."""
MOST = 1_000_000
"""The largest number of pieces."""


def numbers_of(path: str | os.PathLike) -> dict[str, int]:
    """The pieces of a vocabulary with their numbers. Raises UserError."""
    check_file(path)
    with reading(path):
        told = json.loads(Path(path).read_text("utf-8"))
    try:
        numbers = told["model"]["vocab"] | {
            one["content"]: one["id"] for one in told["added_tokens"]
        }
        sound = all(isinstance(n, int) and 0 <= n < MOST for n in numbers.values())
        known = told["model"]["type"] == "BPE" and END in numbers and sound
    except (KeyError, TypeError):
        known = False
    if not known:
        raise UserError(
            f"{path}: holds no byte pairs; allowed: a tokenizer.json of GPT-2's kind, with {END}"
        )
    return numbers


def frame_of(pieces: dict[str, int]) -> tuple[list[int], int, list[int]]:
    """No token before or after a text. <|endoftext|> pads it."""
    return [], pieces[END], []


def unknown(pieces: dict[str, int]) -> None:
    """None, because every byte has a piece."""
    return None


def tokenizer(path: str | os.PathLike, pieces: dict[str, int]) -> Tokenizer:
    """A tokenizer that cuts texts as the file says. Raises UserError."""
    from tokenizers import Tokenizer

    try:
        made = Tokenizer.from_file(str(path))
    except Exception as error:  # the library has no more specific one
        raise UserError(f"{path}: not a readable tokenizer.json ({error})") from None
    made.no_truncation()
    made.no_padding()
    return made


def kept(tokens: np.ndarray, pieces: dict[str, int], whole: bool) -> np.ndarray:
    """All pieces with their numbers. A vocabulary of byte pairs is never reduced."""
    import numpy as np

    return np.arange(max(pieces.values()) + 1, dtype=np.int32)
