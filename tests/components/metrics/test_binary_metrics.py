"""The metrics of a score histogram, against plain sums over the rows."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from components.metrics.binary_metrics import ScoreHistogram, summarize_rows
from components.metrics.metric_names import SCORE_METRICS

Rows = list[tuple[float, float]]

_RANDOM = random.Random(7)
ROWS: Rows = [
    (int(_RANDOM.random() < probability), round(probability, 2))
    for probability in (_RANDOM.random() for _ in range(300))
]
"""Three hundred rows of label and probability, with many ties."""


def fill(rows: Rows, threshold: float = 0.5) -> ScoreHistogram:
    """Put rows into a histogram."""
    labels = np.array([label for label, _ in rows], np.float64)
    probabilities = np.array([probability for _, probability in rows], np.float64)
    return summarize_rows(labels, probabilities, threshold)


def test_it_gives_every_documented_metric() -> None:
    """The names are those of ``metric_names``, no more and no fewer."""
    assert set(fill(ROWS).compute_metrics()) == set(SCORE_METRICS)


def test_auc_is_the_share_of_pairs_in_order() -> None:
    """AUC is the chance that a row of label 1 scores above one of label 0, ties counting half."""
    ones = [probability for label, probability in ROWS if label]
    zeros = [probability for label, probability in ROWS if not label]
    wins = [(one > zero) + (one == zero) / 2 for one, zero in itertools.product(ones, zeros)]

    assert fill(ROWS).compute_metrics()["auc"] == pytest.approx(sum(wins) / len(wins))


def test_average_precision_is_the_mean_precision_at_each_positive() -> None:
    """The area under the precision-recall curve is a sum of steps, one a row of label 1."""
    precisions = [
        sum(other for other, score in ROWS if score >= probability)
        / sum(1 for _, score in ROWS if score >= probability)
        for label, probability in ROWS
        if label
    ]

    expected = sum(precisions) / len(precisions)
    assert fill(ROWS).compute_metrics()["auc_precision_recall"] == pytest.approx(expected)


def test_means_and_counts_agree_with_plain_sums() -> None:
    """Log loss, calibration and the means are sums over the rows."""
    inside = [(label, min(max(p, 1e-7), 1 - 1e-7)) for label, p in ROWS]
    losses = [-math.log(p if label else 1 - p) for label, p in inside]
    labels, scores = [label for label, _ in ROWS], [score for _, score in ROWS]

    metrics = fill(ROWS).compute_metrics()

    assert metrics["log_loss"] == pytest.approx(sum(losses) / len(ROWS))
    assert metrics["calibration"] == pytest.approx(sum(scores) / sum(labels))
    assert metrics["mean_label"] == pytest.approx(sum(labels) / len(ROWS))
    assert metrics["mean_prediction"] == pytest.approx(sum(scores) / len(ROWS))


def test_error_rates_are_shares_of_one_label() -> None:
    """A false positive is one of the rows of label 0, a false negative one of those of label 1."""
    metrics = fill([(0, 0.9), (0, 0.1), (0, 0.2), (0, 0.3), (1, 0.4), (1, 0.6)]).compute_metrics()

    assert metrics["false_positive_rate"] == 0.25
    assert metrics["false_negative_rate"] == 0.5


def test_calibration_error_is_the_mean_gap_of_bins_of_equally_many_rows() -> None:
    """Thirty rows of distinct scores make fifteen bins of two neighbours each."""
    rows = [(index % 3 == 0, (index + 0.5) / 30) for index in range(30)]
    gaps = [
        abs(sum(label for label, _ in pair) - sum(score for _, score in pair))
        for pair in (rows[first : first + 2] for first in range(0, 30, 2))
    ]

    metrics = fill([(int(label), score) for label, score in rows]).compute_metrics()

    assert metrics["expected_calibration_error"] == pytest.approx(sum(gaps) / 30, abs=2e-4)


def test_equal_scores_share_a_bin() -> None:
    """A model that says the base rate to every row is calibrated, however the labels lie."""
    error = fill([(index % 4 == 0, 0.25) for index in range(40)]).compute_metrics()

    assert error["expected_calibration_error"] == pytest.approx(0.0, abs=2e-4)


def test_threshold_is_exclusive() -> None:
    """A probability equal to the threshold counts as negative."""
    metrics = fill([(1, 0.5), (1, 0.6), (0, 0.4), (0, 0.7)], threshold=0.5).compute_metrics()

    assert metrics["recall"] == 0.5
    assert metrics["precision"] == 0.5
    assert metrics["binary_accuracy"] == 0.5


def test_rare_events_are_told_apart() -> None:
    """Scores far below one percent still rank, where even steps in probability would tie them."""
    assert fill([(1, 2e-5), (0, 1e-5)]).compute_metrics()["auc"] == 1.0


def test_a_certain_prediction_has_a_finite_loss() -> None:
    """Probabilities of exactly 0 and 1 cost little when right and much, but finitely, if wrong."""
    right = fill([(1, 1.0), (0, 0.0)]).compute_metrics()["log_loss"]
    wrong = fill([(0, 1.0), (1, 0.0)]).compute_metrics()["log_loss"]

    assert right == pytest.approx(0.0, abs=1e-6)
    assert wrong == pytest.approx(-math.log(1e-7), rel=1e-3)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -0.1, 1.1])
def test_one_broken_prediction_spoils_all_but_the_labels_mean(broken: float) -> None:
    """A model that answers with no probability even once has no metrics."""
    metrics = fill([*ROWS, (1, broken)]).compute_metrics()

    assert {name for name, value in metrics.items() if not math.isnan(value)} == {"mean_label"}


@pytest.mark.parametrize(
    ("label", "undefined"),
    [
        (0, {"auc", "auc_precision_recall", "calibration", "recall", "false_negative_rate"}),
        (1, {"auc", "false_positive_rate"}),
    ],
)
def test_one_label_only_leaves_some_metrics_undefined(label: int, undefined: set[str]) -> None:
    """What needs both labels, or a row of label 1, is NaN without them."""
    metrics = fill([(label, 0.6), (label, 0.7)]).compute_metrics()

    assert {name for name, value in metrics.items() if math.isnan(value)} == undefined


def test_no_rows_give_no_numbers() -> None:
    """An empty slice has no metrics."""
    assert all(math.isnan(value) for value in fill([]).compute_metrics().values())


@pytest.mark.parametrize("label", [2, 0.5, math.nan])
def test_a_label_must_be_0_or_1(label: float) -> None:
    """Another label is an error that names it."""
    with pytest.raises(ValueError, match=f"must be 0 or 1, not {label}"):
        fill([(0, 0.5), (label, 0.5)])
