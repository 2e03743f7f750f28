"""Sakamoto and Sato, arXiv 2509.20829: grokking and compression, timed by contraction."""
