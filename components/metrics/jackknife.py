"""The delete-a-group jackknife: how sure a metric of a slice is.

Groups are dealt by the rows' digests, so the same rows get the same intervals in any order, and in
any files. The formula is TFMA's (0.47.1), whose own run deals rows at random, anew each time.

This module is plain Python, NumPy and SciPy.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from components.examples.row_digest import Digests
from components.metrics.score_histogram import Array, ScoreHistogram, ScoreTotals

GROUPS = 20
"""Groups that rows are dealt into, as many as TFMA's."""

_STUDENT_T = float(stdtrit(GROUPS - 1, 0.975))


@dataclasses.dataclass(frozen=True)
class Interval:
    """A 95 % interval; NaN where one of the samples is not a number."""

    lower: float
    upper: float
    standard_error: float


def deal_groups(digests: Digests) -> npt.NDArray[np.int64]:
    """Deal rows into groups.

    Groups are about even, as if drawn at random. Equal rows fall into one group: a copy counts as
    no observation of its own, so that intervals are wider where rows repeat.

    Args:
        digests: Digest of each row, [rows].

    Returns:
        Group of each, 0 to ``GROUPS - 1``, [rows].
    """
    return (digests % np.uint64(GROUPS)).astype(np.int64)


def merge_groups(groups: ScoreHistogram) -> ScoreHistogram:
    """Sum up the groups of a slice.

    Args:
        groups: One summary a group, leading dimension [groups].

    Returns:
        One summary, of all rows.
    """
    return ScoreHistogram(
        groups.threshold,
        groups.buckets,
        groups.negatives.sum(axis=0),
        groups.positives.sum(axis=0),
        ScoreTotals(*(total.sum(axis=0) for total in _list_totals(groups.totals))),
    )


def leave_one_out(groups: ScoreHistogram) -> ScoreHistogram:
    """Make the jackknife's samples: all rows but those of one group.

    Args:
        groups: One summary a group, leading dimension [groups].

    Returns:
        Leading dimension [groups]; sample i is without group i.
    """
    return ScoreHistogram(
        groups.threshold,
        groups.buckets,
        _subtract_each(groups.negatives),
        _subtract_each(groups.positives),
        ScoreTotals(*(_subtract_each(total) for total in _list_totals(groups.totals))),
    )


def estimate_intervals(values: Array, samples: Array) -> list[Interval]:
    """Estimate the intervals of metrics.

    With n groups and pseudo-values ``n * value - (n - 1) * sample`` (Tukey 1958; Efron and
    Tibshirani 1993, chapter 11), the standard error is their standard deviation over the root of n.
    The interval lies around the samples' mean, by Student's t with n - 1 degrees of freedom.

    Args:
        values: Of all rows, [metrics].
        samples: With one group left out, [metrics, GROUPS].

    Returns:
        One interval a metric.
    """
    pseudo_values = values[:, np.newaxis] * GROUPS - samples * (GROUPS - 1)
    errors = np.std(pseudo_values, axis=1, ddof=1) / GROUPS**0.5
    means = samples.mean(axis=1)
    margins = errors * _STUDENT_T
    return [
        Interval(*ends)
        for ends in zip(
            (means - margins).tolist(), (means + margins).tolist(), errors.tolist(), strict=True
        )
    ]


def _list_totals(totals: ScoreTotals) -> list[Array]:
    return [getattr(totals, field.name) for field in dataclasses.fields(totals)]


def _subtract_each(parts: Array) -> Array:
    return parts.sum(axis=0) - parts
