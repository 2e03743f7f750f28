"""What zhao2026 sets for all of its experiments."""

FITTED = 0.99
"""Training accuracy below which the paper leaves a run out."""
