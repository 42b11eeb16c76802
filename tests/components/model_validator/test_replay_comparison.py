"""A replay beside the evaluation of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from components.evaluator.slice_metrics import MetricValue, SliceMetrics
from components.model_validator.replay_comparison import Difference, find_largest_difference
from components.model_validator.serving_replay import SliceColumn
from components.model_validator.weighted_metrics import Array, compute_row_losses

LABELS = np.array([0.0, 1.0, 0.0, 1.0])
PROBABILITIES = np.array([0.1, 0.8, 0.3, 0.6])
SLICES = {"city": SliceColumn(np.array(["Oslo", "Rome"]), np.array([0, 1, 0, -1]))}


def measure(rows: list[int], column: str | None = None, value: str | None = None) -> SliceMetrics:
    """Measure rows as the Evaluator would."""
    losses = compute_row_losses(LABELS, PROBABILITIES)
    metrics = {"mean_prediction": PROBABILITIES[rows].mean(), "log_loss": losses[rows].mean()}
    return SliceMetrics(
        column, value, len(rows), {name: MetricValue(float(v)) for name, v in metrics.items()}
    )


EVALUATED = (measure([0, 1, 2, 3]), measure([0, 2], "city", "Oslo"), measure([1], "city", "Rome"))


def compare(probabilities: Array) -> Difference:
    """Compare probabilities with what was evaluated."""
    return find_largest_difference(EVALUATED, LABELS, probabilities, SLICES)


def test_the_same_predictions_do_not_differ() -> None:
    """Equal predictions differ by rounding at most."""
    assert compare(PROBABILITIES).value == pytest.approx(0.0, abs=1e-12)


def test_one_row_shows_in_its_smallest_slice() -> None:
    """A row that is off shows in the slice where it weighs most, which is named."""
    difference = compare(PROBABILITIES + np.array([0, 0.1, 0, 0]))

    assert difference.value == pytest.approx(np.log(0.9 / 0.8))
    assert difference.where == "log_loss of city=Rome"


def test_what_cancels_in_the_mean_is_seen() -> None:
    """Two rows that swap their predictions leave the overall mean as it is, but not the slices."""
    difference = compare(PROBABILITIES[[1, 0, 2, 3]])

    assert difference.value == pytest.approx(np.log(0.8 / 0.1))


def test_what_is_no_number_can_not_be_compared() -> None:
    """A prediction that is not a number is no small difference."""
    difference = compare(np.array([0.1, 0.8, 0.3, np.nan]))

    assert difference.value is None
    assert "overall is not a number" in difference.where


@pytest.mark.parametrize(
    "part",
    [
        measure([0, 1], "city", "Rome"),
        measure([0, 1], "city", "Bonn"),
        measure([0, 1], "hour", "3"),
    ],
    ids=["count", "value", "column"],
)
def test_other_rows_can_not_be_compared(part: SliceMetrics) -> None:
    """A slice of which the replay has other rows is named, with both numbers."""
    difference = find_largest_difference([part], LABELS, PROBABILITIES, SLICES)

    assert difference.value is None
    assert f"{part.name}: the Evaluator measured 2 rows, the replay has" in difference.where
