"""Sakamoto & Sato (arXiv 2509.20829): the contraction of RNC1 sets the time of grokking.

This module collects the statistics of the paper's claims. There is one module for each subject.

The claims use these times of a run, in steps:

- t_train: the :func:`latephase.analysis.events.onset` of training accuracy at ``train_threshold``.
- t_test: the onset of test accuracy at ``test_fraction`` of the highest final test accuracy of runs
  with as many training samples (:func:`latephase.analysis.events.generalisation_levels`).

A *cell* is a learning rate, a weight decay and, if a study has these axes, a number of training
samples and an initial scale. Its value is the median over seeds.
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
