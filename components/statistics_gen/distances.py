"""How far a column's distribution is from another: L-infinity and Jensen–Shannon divergence.

Both are computed from the shares of rows in a few bins, and the bins come with the score, which can
be recomputed from them. A missing value is a bin of its own, so a column that empties moves too.
TFDV leaves missing values out, and cuts numbers into ten equally wide bins from the smallest to the
largest, so that one trip of 1,710 miles puts all others in one bin. Here numbers are cut at the
quantiles of the reference.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, rel_entr

from components.record import Record

MAX_NUMERIC_BINS = 10
"""Bins that numbers are cut into, beside the one of missing values."""
NOISE_LEVEL = 0.001
"""Probability that two samples of one distribution differ by more than the noise."""
MISSING_LABEL = "missing"
REST_LABEL = "all other values"

Measure = Literal["l_infinity", "jensen_shannon"]
Shares = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Categories:
    """Rows per value of a column of text, or of numbers that are names, and those without a value.

    Attributes:
        rest: Rows of values that were not counted individually.
    """

    counts: Mapping[str, float]
    missing: float = 0.0
    rest: float = 0.0

    @property
    def rows(self) -> float:
        """Rows with and without a value."""
        return math.fsum(self.counts.values()) + self.missing + self.rest


@dataclasses.dataclass(frozen=True)
class Quantiles:
    """A column of numbers, as a quantile histogram, [buckets].

    Attributes:
        lows: Lower limits of the buckets, exclusive but for the first, ascending.
        highs: Upper limits, inclusive; a bucket as high as low is one number.
        counts: Rows in each bucket, >= 0.
        missing: Rows without a value.
    """

    lows: Shares
    highs: Shares
    counts: Shares
    missing: float = 0.0

    @property
    def rows(self) -> float:
        """Rows with and without a value."""
        return float(self.counts.sum()) + self.missing


class Bin(Record):
    """One bin of both histograms, with its share of the rows of each, 0 to 1.

    Attributes:
        label: The value, the interval, or another name.
        low: Lower limit of an interval, exclusive; None where it is open or there is none.
        high: Its upper limit, inclusive; likewise.
    """

    label: str
    low: float | None = None
    high: float | None = None
    reference_share: float
    observed_share: float

    @property
    def is_interval(self) -> bool:
        """Whether it holds an interval of numbers."""
        return self.low is not None or self.high is not None


class Distance(Record):
    """How far the observed rows are from the reference.

    Attributes:
        value: The score, 0 (the same) to 1 (nothing in common).
        noise: What sampling alone may add to the score, at ``NOISE_LEVEL``.
        bins: Bins of both histograms, in which the shares of each sum to 1.
    """

    measure: Measure
    value: float
    noise: float
    reference_rows: int
    observed_rows: int
    bins: tuple[Bin, ...]

    def exceeds(self, limit: float) -> bool:
        """Whether the score is above a limit by more than sampling explains."""
        return self.value > limit + self.noise

    @property
    def grown_bin(self) -> Bin:
        """The bin whose share has grown most."""
        return max(self.bins, key=lambda one: one.observed_share - one.reference_share)


def compute_l_infinity(reference: Shares, observed: Shares) -> float:
    """Compute the L-infinity distance ``max_i |p_i - q_i|``, 0 to 1.

    Both are shares of the same bins, shape [bins], each >= 0, sum 1.
    """
    return float(np.max(np.abs(reference - observed)))


def compute_jensen_shannon(reference: Shares, observed: Shares) -> float:
    """Compute the Jensen–Shannon divergence, to base 2.

    ``JSD = 1/2 sum_i p_i log2(p_i / m_i) + 1/2 sum_i q_i log2(q_i / m_i)`` with
    ``m_i = (p_i + q_i) / 2`` and ``0 log2 0 = 0``. Source: J. Lin, "Divergence measures based on
    the Shannon entropy", IEEE Transactions on Information Theory 37(1), 1991, with equal weights.

    Both are shares p and q as of ``compute_l_infinity``; gives bits, 0 to 1.
    """
    middle = (reference + observed) / 2
    nats = float(np.sum(rel_entr(reference, middle) + rel_entr(observed, middle))) / 2
    return min(max(nats / math.log(2), 0.0), 1.0)


def measure_categories(reference: Categories, observed: Categories) -> Distance:
    """Measure the L-infinity distance of a column of categories, the most frequent value first.

    Raises:
        ValueError: If either has no row.
    """
    _check_rows(reference.rows, observed.rows)
    labels = sorted(
        {*reference.counts, *observed.counts},
        key=lambda value: (-reference.counts.get(value, 0), -observed.counts.get(value, 0), value),
    )
    p, q = (
        np.array([*(side.counts.get(value, 0) for value in labels), side.rest, side.missing])
        / side.rows
        for side in (reference, observed)
    )
    bins = [
        Bin(label=label, reference_share=before, observed_share=now)
        for label, before, now in zip([*labels, REST_LABEL, MISSING_LABEL], p, q, strict=True)
        if label in labels or before or now
    ]
    return Distance(
        measure="l_infinity",
        value=compute_l_infinity(p, q),
        noise=estimate_l_infinity_noise(p, q, reference.rows, observed.rows),
        reference_rows=round(reference.rows),
        observed_rows=round(observed.rows),
        bins=tuple(bins),
    )


def measure_numbers(
    reference: Quantiles, observed: Quantiles, max_bins: int = MAX_NUMERIC_BINS
) -> Distance:
    """Measure the Jensen–Shannon divergence of a column of numbers.

    The bins are cut at the reference's quantiles, so each holds about as many of its rows, and an
    extreme value weighs no more than any other. Within a bucket of either histogram, numbers are
    taken to be spread evenly. The outermost bins are open, the last one is of the missing values.

    Raises:
        ValueError: If either has no row.
    """
    _check_rows(reference.rows, observed.rows)
    cuts = cut_at_quantiles(reference, max_bins)
    p, q = (compute_shares(side, cuts) for side in (reference, observed))
    limits: list[float | None] = [None, *cuts, None]
    places = [(describe_interval(low, high), low, high) for low, high in pairwise(limits)]
    bins = [
        Bin(label=label, low=low, high=high, reference_share=before, observed_share=now)
        for (label, low, high), before, now in zip(
            [*places, (MISSING_LABEL, None, None)], p, q, strict=True
        )
    ]
    used = int(np.count_nonzero(p + q))
    return Distance(
        measure="jensen_shannon",
        value=compute_jensen_shannon(p, q),
        noise=estimate_jensen_shannon_noise(used, reference.rows, observed.rows),
        reference_rows=round(reference.rows),
        observed_rows=round(observed.rows),
        bins=tuple(bins),
    )


def cut_at_quantiles(histogram: Quantiles, max_bins: int) -> tuple[float, ...]:
    """Choose limits between at most ``max_bins`` bins of about equal shares of a histogram.

    Returns:
        Up to ``max_bins - 1`` limits, ascending, each the highest number of the bin below it.
        Fewer where one number has the share of several bins. A column that holds one number only
        is cut just below and at it, so that any other number shows.
    """
    if not len(histogram.counts):
        return ()
    # Each upper limit once, and the rows up to and including it.
    is_last = np.append(histogram.highs[1:] != histogram.highs[:-1], True)
    values, cumulated = histogram.highs[is_last], np.cumsum(histogram.counts)[is_last]
    if histogram.lows[0] == values[-1]:
        return float(np.nextafter(values[0], -math.inf)), float(values[0])
    targets = np.arange(1, max_bins) / max_bins * cumulated[-1]
    # The margin keeps a sum of tenths from missing its own limit by rounding.
    places = np.searchsorted(cumulated, targets - 1e-9 * cumulated[-1])
    chosen = sorted({float(values[place]) for place in places})
    return tuple(value for value in chosen if value < values[-1])


def estimate_l_infinity_noise(
    p: Shares, q: Shares, reference_rows: float, observed_rows: float
) -> float:
    """Estimate what sampling alone adds to the L-infinity distance.

    The difference of two shares of one distribution with share m is about normal, with variance
    ``m (1 - m) (1 / n + 1 / N)`` (the two-proportion z-test, pooled); the level is divided by the
    number of bins (Bonferroni), as the largest of their differences is taken.

    Args:
        p: Shares of the reference, shape [bins], of n rows.
        q: Shares observed, shape [bins], of N rows.

    Returns:
        What is exceeded with probability ``NOISE_LEVEL``, the largest over the bins.
    """
    pooled = (p * reference_rows + q * observed_rows) / (reference_rows + observed_rows)
    tested = max(int(np.count_nonzero(pooled)), 1)
    z = statistics.NormalDist().inv_cdf(1 - NOISE_LEVEL / (2 * tested))
    variance = pooled * (1 - pooled) * (1 / reference_rows + 1 / observed_rows)
    return float(z * math.sqrt(variance.max()))


def estimate_jensen_shannon_noise(bins: int, reference_rows: float, observed_rows: float) -> float:
    """Estimate what sampling alone adds to the Jensen–Shannon divergence.

    For shares close to each other, ``JSD = 1 / (8 ln 2) sum_i (p_i - q_i)^2 / m_i`` in bits (its
    Taylor series to the second order), and for two samples of one distribution that sum is
    ``1 / n + 1 / N`` times a chi-squared variable with ``bins - 1`` degrees of freedom (Pearson's
    test of homogeneity).

    Args:
        bins: Bins that hold any row, >= 1.
        reference_rows: n, > 0.
        observed_rows: N, > 0.

    Returns:
        What is exceeded with probability ``NOISE_LEVEL``, in bits; 0 for a single bin.
    """
    if bins == 1:
        return 0.0
    # scipy.stats has the same, and takes longer to import than all else here.
    chi_squared = float(chdtri(bins - 1, NOISE_LEVEL))
    return chi_squared * (1 / reference_rows + 1 / observed_rows) / (8 * math.log(2))


def _check_rows(reference_rows: float, observed_rows: float) -> None:
    if not (reference_rows > 0 and observed_rows > 0):
        raise ValueError(
            f"distance: got {reference_rows:g} reference and {observed_rows:g} observed rows, "
            "expected at least one of each"
        )


def compute_shares(histogram: Quantiles, cuts: Sequence[float]) -> Shares:
    """Compute the shares of the bins between ascending cuts, and of the missing values.

    Returns:
        Shares of all rows, shape [cuts + 2], sum 1; the outermost bins are open, and the last
        share is that of the missing values.
    """
    up_to = [_count_up_to(histogram, cut) for cut in cuts]
    counts = np.diff([0.0, *up_to, float(histogram.counts.sum())])
    return np.append(counts, histogram.missing) / histogram.rows


def _count_up_to(histogram: Quantiles, limit: float) -> float:
    """Count the rows up to and with a number, taking each bucket's rows to be spread evenly."""
    widths = histogram.highs - histogram.lows
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.clip((limit - histogram.lows) / widths, 0.0, 1.0)
    parts = np.where(widths > 0, parts, histogram.highs <= limit)
    return float(np.sum(parts * histogram.counts))


def describe_interval(low: float | None, high: float | None) -> str:
    """Name the numbers above one limit and up to another; None is open."""
    if low is None:
        return "any number" if high is None else f"up to {high:g}"
    return f"above {low:g}" if high is None else f"above {low:g}, up to {high:g}"
