"""The curves of a score histogram, against plain counts over the rows."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from components.metrics.binary_metrics import ScoreHistogram, summarize_rows
from components.metrics.score_curves import bin_by_score, count_by_threshold

_RANDOM = random.Random(11)
ROWS = [
    (int(_RANDOM.random() < probability), probability)
    for probability in (_RANDOM.random() ** 3 for _ in range(2000))
]
"""Two thousand rows of label and probability, most of them near 0."""
CHOSEN = 0.317


def fill(rows: list[tuple[int, float]]) -> ScoreHistogram:
    """Put rows into a histogram."""
    labels = np.array([label for label, _ in rows], np.float64)
    return summarize_rows(labels, np.array([score for _, score in rows], np.float64), CHOSEN)


def test_the_confusion_matrix_is_a_count_of_rows() -> None:
    """At every threshold the counts are those of the rows, but for rows within a bucket of it."""
    for counts in count_by_threshold(fill(ROWS)):
        hits = [label for label, score in ROWS if score > counts.threshold]
        near = sum(abs(score - counts.threshold) < 0.0003 for _, score in ROWS)

        assert counts.rows == len(ROWS)
        assert counts.true_positives == pytest.approx(sum(hits), abs=near)
        assert counts.false_positives == pytest.approx(len(hits) - sum(hits), abs=near)


def test_the_chosen_threshold_is_counted_exactly() -> None:
    """The chosen threshold is among them, with the counts that the metrics are made of."""
    histogram = fill([*ROWS, (1, CHOSEN), (0, CHOSEN + 1e-6)])

    [counts] = [one for one in count_by_threshold(histogram) if one.threshold == CHOSEN]

    metrics = histogram.compute_metrics()
    assert counts.recall == metrics["recall"]
    assert counts.precision == metrics["precision"]
    assert counts.false_positive_rate == metrics["false_positive_rate"]
    assert counts.accuracy == metrics["binary_accuracy"]


def test_thresholds_go_from_all_rows_to_none() -> None:
    """The curves reach both corners, and fall all the way."""
    counts = count_by_threshold(fill(ROWS))

    assert (counts[0].threshold, counts[0].recall, counts[0].false_positive_rate) == (0, 1, 1)
    assert (counts[-1].threshold, counts[-1].recall, counts[-1].false_positive_rate) == (1, 0, 0)
    positives = [one.true_positives for one in counts]
    assert positives == sorted(positives, reverse=True)


def test_the_area_below_the_curve_is_the_auc() -> None:
    """There are points enough that straight lines between them make up the area."""
    histogram = fill(ROWS)
    points = [(one.false_positive_rate, one.recall) for one in count_by_threshold(histogram)]

    area = sum(
        (x0 - x1) * (y0 + y1) / 2
        for (x0, y0), (x1, y1) in itertools.pairwise(points)
        if x0 is not None and x1 is not None and y0 is not None and y1 is not None
    )

    assert area == pytest.approx(histogram.compute_metrics()["auc"], abs=1e-3)


def test_bins_hold_all_rows_and_their_means() -> None:
    """Each bin's means are those of the rows in it; bins without rows are left out."""
    bins = bin_by_score(fill([row for row in ROWS if not 0.4 <= row[1] < 0.5]))

    assert not [one for one in bins if one.low == pytest.approx(0.4)]
    for one in bins:
        inside = [row for row in ROWS if one.low <= row[1] < one.high]
        assert one.rows == pytest.approx(len(inside), abs=2)
        assert one.mean_prediction == pytest.approx(
            sum(score for _, score in inside) / len(inside), abs=1e-3
        )
        assert one.mean_label == pytest.approx(
            sum(label for label, _ in inside) / len(inside), abs=0.05
        )


@pytest.mark.parametrize("rows", [[], [(1, math.nan)], [(0, 0.2), (1, 1.5)]])
def test_there_are_no_curves_without_probabilities(rows: list[tuple[int, float]]) -> None:
    """Without rows, or with a score that is no probability, there is nothing to draw."""
    assert count_by_threshold(fill(rows)) == ()
    assert bin_by_score(fill(rows)) == ()


def test_one_label_leaves_half_of_the_rates_open() -> None:
    """Without rows of label 1 there is no recall, and the counts are there all the same."""
    counts = count_by_threshold(fill([(0, 0.2), (0, 0.7)]))

    assert {one.recall for one in counts} == {None}
    assert [one.false_positives for one in counts if one.threshold == 0.5] == [1]
