"""Settings that all experiments of zhao2026 share."""

FITTED = 0.99
"""The paper leaves out a run whose training accuracy is below this."""
