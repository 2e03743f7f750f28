"""Han and others, arXiv 2509.17738: flatness is necessary for generalisation, collapse is not."""
