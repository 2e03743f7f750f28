"""Runs of Adam and AdamW, as the figures of optimizers draw them."""

from tests.papers.zhao2026.optimizer_runs import runs


def coupled_falls(optimizer, rank, momentum):
    return -rank if optimizer == "adam" else 0.0


TABLE = runs(coupled_falls)
