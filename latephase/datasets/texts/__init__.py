"""Files of texts: their tables, and the vocabularies that cut texts into tokens.

A vocabulary is read by :mod:`latephase.datasets.texts.word_pieces` or by
:mod:`latephase.datasets.texts.byte_pairs`. Both have

- ``NAME``: what texts are cut into;
- ``numbers_of(path)``: the pieces of a vocabulary with their numbers;
- ``frame_of(pieces)``: what stands before a text, what fills it up, and what stands behind it;
- ``unknown(pieces)``: the number of the piece that stands for what has none; None if everything has
  a piece;
- ``tokenizer(path, pieces)``: what cuts texts into these pieces;
- ``kept(tokens, pieces, whole)``: what the number of each piece becomes, where ``tokens`` are those
  of the training texts; ``whole`` is whether all pieces are wanted.

The Snakefile reads them while planning, so libraries are imported when they are needed.
"""
