"""The delete-a-group jackknife: how sure a metric, or the change of one, is.

The rows are dealt into groups by their digests, so the same rows get the same intervals in any
order, and in any files. Leaving out one group at a time gives one sample of the metric per group;
how much the samples differ gives the standard error, and Student's t the width of the interval.

Sources: J. Tukey (1958); B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993),
chapter 11; J. Shao and C. Wu, Annals of Statistics 17 (1989), for groups.

There are two numbers of groups. A metric has an interval on every slice of all rows, which stream
by in any order: few groups bound the memory, and 20 is TFMA's number, which files and pages share.
A change decides whether a model is pushed, on rows that are all at hand: 200 groups know the
standard error to 5 %, where 20 know it to 16 %, and make its interval 6 % narrower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from components.examples.row_digest import Digests
from components.metrics.binary_metrics import Array, Integers, ScoreHistogram

METRIC_GROUPS = 20
CHANGE_GROUPS = 200
METRIC_CONFIDENCE = 0.95
"""Confidence of the metrics' intervals, as TFMA's; that of changes is a setting."""

_CHUNK_CELLS = 2_000_000


class Intervals(NamedTuple):
    """Intervals of metrics, shape [metrics] each; NaN where one of the samples is not a number."""

    lower: Array
    upper: Array
    standard_error: Array


def assign_groups_by_digest(digests: Digests) -> Integers:
    """Deal rows into ``METRIC_GROUPS`` by their digests alone, a batch at a time; [rows].

    Groups are about even, as if drawn at random. Equal rows fall into one group: a copy counts as
    no observation of its own, so that intervals are wider where rows repeat.
    """
    return (digests % np.uint64(METRIC_GROUPS)).astype(np.int64)


def assign_groups_evenly(rows: int) -> Integers:
    """Deal rows, in an order as of ``order_rows``, evenly into ``CHANGE_GROUPS``; [rows].

    Copies of a row count as observations of their own.
    """
    return np.arange(rows) % min(rows, CHANGE_GROUPS)


def sample_metrics(groups: ScoreHistogram, names: Sequence[str]) -> Array:
    """Measure all rows but those of one group, for each group, in chunks of bounded memory.

    Returns:
        Shape [metrics, groups]; NaN where a metric is not defined.
    """
    count, buckets = groups.negatives.shape
    step = max(1, _CHUNK_CELLS // max(1, buckets))
    chunks = [
        groups.leave_out(slice(first, first + step)).stack_metrics(names)
        for first in range(0, count, step)
    ]
    return np.concatenate(chunks, axis=1)


def estimate_intervals(centers: Array, samples: Array, confidence: float) -> Intervals:
    """Estimate intervals around centers: the values on all rows, or, as TFMA, the samples' means.

    With ``g`` groups the standard error is ``sqrt((g - 1) / g * sum((sample - mean)^2))``.

    Args:
        centers: Shape [metrics].
        samples: With one group left out, [metrics, groups], at least two groups.
        confidence: Of the two-sided interval, above 0 and below 1.
    """
    groups = samples.shape[1]
    errors = np.std(samples, axis=1, ddof=1) * (groups - 1) / groups**0.5
    # Student's quantile; scipy.stats has it too, and takes half a second to import.
    margins = errors * float(stdtrit(groups - 1, (1 + confidence) / 2))
    return Intervals(centers - margins, centers + margins, errors)
