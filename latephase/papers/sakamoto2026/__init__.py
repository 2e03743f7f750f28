"""Sakamoto and Sato, arXiv 2509.20829: contraction sets the time of grokking and of compression."""
