"""Sakamoto & Sato (arXiv 2509.20829): grokking is timed by the contraction of RNC1.

The statistics of its claims, from a module for each subject.

Times of a run, in steps, as the claims use them:

- t_train: :func:`latephase.analysis.events.onset` of training accuracy at ``train_threshold``.
- t_test: onset of test accuracy at ``test_fraction`` of the highest final test accuracy in
  the study (:func:`latephase.analysis.events.generalisation_level`).
- a *cell* is a learning rate, a weight decay and, where a study has these axes, a number of
  training samples and an initial scale; its value is the median over seeds.
"""

from latephase.papers.sakamoto2026.clock import rnc1_clock, rnc1_clock_with_floor
from latephase.papers.sakamoto2026.contraction import rnc1_follows_test, rnc1_with_test
from latephase.papers.sakamoto2026.courses import (
    falls_by,
    falls_follow,
    goes_with,
    goes_with_more,
    peaks,
)
from latephase.papers.sakamoto2026.delays import (
    delay_against_decay,
    earlier_with,
    generalisation_delay,
)
from latephase.papers.sakamoto2026.ends import final_association, spread_over

__all__ = [
    "delay_against_decay",
    "earlier_with",
    "falls_by",
    "falls_follow",
    "final_association",
    "generalisation_delay",
    "goes_with",
    "goes_with_more",
    "peaks",
    "rnc1_clock",
    "rnc1_clock_with_floor",
    "rnc1_follows_test",
    "rnc1_with_test",
    "spread_over",
]
