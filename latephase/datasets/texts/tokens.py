"""Texts as tokens, all of one length."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

AT_ONCE = 4096
"""How many texts are converted to tokens at a time."""


def tokens_of(
    examples: Iterable[tuple[str, int]],
    tokenizer: Tokenizer,
    frame: tuple[list[int], int, list[int]],
    length: int,
) -> tuple[tuple[np.ndarray, np.ndarray], int]:
    """Tokens [N, length] as int32 and classes [N] of texts, and how many texts were cut.

    ``frame`` are the tokens before a text, the padding token, and the tokens after a text. If a
    text is too long, its first tokens are kept, so the tokens after it may be lost.
    """
    import numpy as np

    before, padding, behind = frame
    blocks, labels, cut, examples = [], [], 0, iter(examples)
    while some := list(itertools.islice(examples, AT_ONCE)):
        block = np.full((len(some), length), padding, np.int32)
        texts = [text for text, _ in some]
        found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        for row, encoding in zip(block, found, strict=True):
            whole = [*before, *encoding.ids, *behind]
            cut += len(whole) > length
            row[: len(whole)] = whole[:length]
        blocks.append(block)
        labels += [label for _, label in some]
    if not blocks:
        return (np.zeros((0, length), np.int32), np.zeros(0, np.int64)), 0
    return (np.concatenate(blocks), np.array(labels, np.int64)), cut
