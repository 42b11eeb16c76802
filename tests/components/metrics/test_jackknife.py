"""The delete-a-group jackknife, against plain computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from scipy import stats

from components.examples.row_digest import Digests
from components.metrics.binary_metrics import Array, summarize_rows
from components.metrics.jackknife import (
    METRIC_CONFIDENCE,
    METRIC_GROUPS,
    Intervals,
    assign_groups_by_digest,
    estimate_intervals,
)
from components.metrics.sliced_scores import ALL_ROWS, SlicedScores

_RANDOM = np.random.default_rng(5)


def draw_digests(rows: int) -> Digests:
    """Draw the digests of rows that all differ."""
    return _RANDOM.integers(0, 2**64, rows, np.uint64)


def estimate(samples: Array) -> Intervals:
    """Estimate the intervals of metrics as the Evaluator does, of samples, [metrics, groups]."""
    samples = np.atleast_2d(samples)
    return estimate_intervals(samples.mean(axis=1), samples, METRIC_CONFIDENCE)


def test_a_group_depends_on_the_row_alone() -> None:
    """Rows keep their groups in any order and batch, and equal rows share one."""
    digests = draw_digests(500)
    places = _RANDOM.permutation(500)

    groups = assign_groups_by_digest(digests)

    assert (assign_groups_by_digest(digests[places]) == groups[places]).all()
    assert (assign_groups_by_digest(digests[33:40]) == groups[33:40]).all()
    assert groups.min() >= 0
    assert groups.max() < METRIC_GROUPS


def test_groups_are_about_even() -> None:
    """Different rows are spread over all groups as if at random."""
    counts = np.bincount(assign_groups_by_digest(draw_digests(20_000)), minlength=METRIC_GROUPS)

    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("rows", [100, 1000])
def test_intervals_by_uneven_groups_hold_what_they_promise(rows: int) -> None:
    """Simulated: about 95 % of the intervals of a mean hold it, though groups differ in size."""
    hits = 0
    for _ in range(2000):
        values, groups = _RANDOM.normal(3, 2, rows), assign_groups_by_digest(draw_digests(rows))
        sums = np.bincount(groups, values, METRIC_GROUPS)
        counts = np.bincount(groups, minlength=METRIC_GROUPS)
        means = (values.sum() - sums) / (rows - counts)
        interval = estimate(means)
        hits += int(interval.lower[0] <= 3 <= interval.upper[0])

    assert 0.935 <= hits / 2000 <= 0.985


def test_a_sample_is_the_rows_without_one_group() -> None:
    """Metrics of each sample are those of a summary of the other groups' rows alone."""
    labels = (_RANDOM.random(300) < 0.4).astype(np.float64)
    probabilities = _RANDOM.random(300)
    groups = assign_groups_by_digest(draw_digests(300))
    scores = SlicedScores(models=1, groups=METRIC_GROUPS, threshold=0.5)
    scores.add(labels, [probabilities], groups, {})
    [histogram] = scores.create_histograms(ALL_ROWS)

    samples = histogram.leave_out().compute_metrics()
    whole = histogram.merge_groups().compute_metrics()

    assert whole == pytest.approx(summarize_rows(labels, probabilities).compute_metrics())
    for group in range(METRIC_GROUPS):
        kept = groups != group
        expected = summarize_rows(labels[kept], probabilities[kept]).compute_metrics()
        assert {name: values[group] for name, values in samples.items()} == pytest.approx(expected)


def test_a_broken_row_spoils_only_the_samples_it_is_in() -> None:
    """The sample that leaves its group out has metrics."""
    probabilities = _RANDOM.random(100)
    probabilities[7] = math.nan
    groups = assign_groups_by_digest(draw_digests(100))
    scores = SlicedScores(models=1, groups=METRIC_GROUPS, threshold=0.5)
    scores.add(np.arange(100.0) % 2, [probabilities], groups, {})

    losses = scores.create_histograms(ALL_ROWS)[0].leave_out().compute_metrics()["log_loss"]

    assert np.flatnonzero(~np.isnan(losses)).tolist() == [groups[7]]


def test_the_interval_of_a_mean_is_students() -> None:
    """On groups of one row each, a mean's interval is that of Student's t."""
    rows = _RANDOM.normal(3, 2, METRIC_GROUPS)
    means = (rows.sum() - rows) / (METRIC_GROUPS - 1)

    interval = estimate(means)

    expected = stats.t.interval(0.95, METRIC_GROUPS - 1, rows.mean(), stats.sem(rows))
    assert (interval.lower[0], interval.upper[0]) == pytest.approx(expected)
    assert interval.standard_error[0] == pytest.approx(stats.sem(rows))


def test_the_interval_lies_as_tfma_lays_it() -> None:
    """Around the samples' mean, as wide as TFMA's own function makes it of the same error."""
    value, samples = 0.7, _RANDOM.normal(0.7, 0.01, METRIC_GROUPS)
    pseudo_values = [value * METRIC_GROUPS - sample * (METRIC_GROUPS - 1) for sample in samples]
    error = float(np.std(pseudo_values, ddof=1)) / math.sqrt(METRIC_GROUPS)
    theirs = tfma.types.ValueWithTDistribution(
        sample_mean=float(samples.mean()),
        sample_standard_deviation=error,
        sample_degrees_of_freedom=METRIC_GROUPS - 1,
        unsampled_value=value,
    )

    interval = estimate(samples)

    _, lower, upper = tfma.utils.calculate_confidence_interval(theirs)
    assert (interval.lower[0], interval.upper[0]) == pytest.approx((lower, upper))


def test_a_sample_that_is_no_number_leaves_none() -> None:
    """One sample without a value makes the ends NaN, and those of other metrics stay."""
    samples = _RANDOM.random((2, METRIC_GROUPS))
    samples[0, 3] = math.nan

    lower, upper, _ = estimate(samples)

    assert math.isnan(lower[0])
    assert math.isnan(upper[0])
    assert lower[1] < upper[1]
