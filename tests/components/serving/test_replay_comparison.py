"""A replay beside the evaluation of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from components.serving.replay_client import Array
from components.serving.replay_comparison import (
    Difference,
    find_largest_difference,
    find_other_label,
)

ROWS = np.array([0, 15, 30, 45])
MEASURED = np.array([0.1, 0.8, 0.3, 0.6])


def compare(replayed: Array) -> Difference:
    """Compare with what was measured."""
    return find_largest_difference(ROWS, MEASURED, replayed)


def test_the_same_predictions_do_not_differ() -> None:
    """Equal predictions have a difference of exactly zero."""
    assert compare(MEASURED).value == 0.0


def test_the_row_that_is_off_most_is_named() -> None:
    """The largest difference of either sign counts, and its row is that of the split."""
    difference = compare(MEASURED + np.array([0.01, 0, -0.2, 0.1]))

    assert difference.value == pytest.approx(0.2)
    assert difference.where == "row 30 of the split"


@pytest.mark.parametrize("is_replayed", [True, False])
def test_what_is_no_number_can_not_be_compared(is_replayed: bool) -> None:
    """A probability that is not a number is no small difference, whoever gave it."""
    broken = np.array([0.1, 0.9, np.nan, 0.6])

    difference = compare(broken) if is_replayed else find_largest_difference(ROWS, broken, MEASURED)

    assert difference.value is None
    assert difference.where.startswith("row 30 of the split: the Evaluator measured")


def test_other_labels_are_other_rows() -> None:
    """The first row with another label is named, with both."""
    labels = np.array([0.0, 1.0, 0.0, 1.0])

    assert find_other_label(ROWS, labels, labels) is None
    difference = find_other_label(ROWS, labels, np.array([0.0, 0.0, 1.0, 1.0]))

    assert difference is not None
    assert difference.value is None
    assert "row 15 of the split: its label was 1 in the Evaluator and is 0" in difference.where
