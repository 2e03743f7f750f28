"""Files of texts: their tables, and the vocabularies that cut texts into tokens.

A vocabulary is read by :mod:`latephase.datasets.texts.word_pieces` or by
:mod:`latephase.datasets.texts.byte_pairs`. Both have

- ``NAME``: the name of the pieces;
- ``numbers_of(path)``: the pieces of a vocabulary with their numbers;
- ``frame_of(pieces)``: the tokens before a text, the padding token, and the tokens after a text;
- ``unknown(pieces)``: the number of the piece for text without a piece; None if all text has
  pieces;
- ``tokenizer(path, pieces)``: a tokenizer that cuts texts into these pieces;
- ``kept(tokens, pieces, whole)``: the new number of each piece, where ``tokens`` are those of the
  training texts and ``whole`` says whether all pieces are kept.

The Snakefile reads vocabularies while planning, so libraries are imported when they are needed.
"""
