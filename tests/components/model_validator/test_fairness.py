"""The widest gap between groups."""

from __future__ import annotations

import math

import pytest

from components.metrics.evaluation import Metric, Slice
from components.model_validator.fairness import count_support, find_widest_gap
from components.model_validator.gates import FairnessMetric


def measure(group: str, examples: int = 1000, **metrics: float) -> Slice:
    """Make a group with a fifth of its rows of label 1, unless told otherwise."""
    values = {"mean_label": 0.2, **metrics}
    return Slice(
        column="side",
        column_value=group,
        examples=examples,
        metrics={name: Metric(value=number) for name, number in values.items()},
    )


def test_the_worst_pair_is_named() -> None:
    """Of three groups those with the highest and the lowest value make the gap."""
    groups = [
        measure(name, precision=value, recall=0.8, false_positive_rate=0.1)
        for name, value in (("a", 0.7), ("b", 0.9), ("c", 0.6))
    ]

    gap = find_widest_gap(groups, "precision", 100)

    assert gap is not None
    assert (gap.highest, gap.lowest) == ("b", "c")
    assert gap.value == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("metric", "rows"),
    [
        ("false_positive_rate", 800),
        ("false_negative_rate", 200),
        ("calibration", 200),
        ("precision", 180),
    ],
)
def test_support_is_the_rows_that_a_value_is_a_share_of(metric: FairnessMetric, rows: int) -> None:
    """Of 1000 rows 200 are of label 1; half of those and 80 others are predicted positive."""
    assert count_support(measure("a", recall=0.5, false_positive_rate=0.1), metric) == rows


@pytest.mark.parametrize("small", [measure("b", 495, false_negative_rate=1.0), measure("b")])
def test_groups_with_too_few_rows_or_no_value_are_left_out(small: Slice) -> None:
    """A rate of 99 rows, or none at all, makes no gap."""
    groups = [measure("a", false_negative_rate=0.1), small]

    assert find_widest_gap(groups, "false_negative_rate", 100) is None


def test_a_group_without_label_one_has_no_support() -> None:
    """Metrics that are not numbers count as no rows."""
    nothing = measure("a", mean_label=0.0, recall=math.nan, false_positive_rate=0.0)

    assert count_support(nothing, "precision") == 0
    assert count_support(nothing, "false_negative_rate") == 0
