"""Zhao et al., arXiv 2602.16642: the optimizer decides whether collapse emerges."""
