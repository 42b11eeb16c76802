"""Find the two groups that a model treats most differently; plain Python.

The rates are the Evaluator's, by TFMA's slices of the attribute. Which of them should be equal is a
choice: equal false-positive and false-negative rates are "equalized odds" (Hardt, Price and Srebro,
NeurIPS 2016), equal precision and calibration are "predictive parity" (Chouldechova, Big Data 5,
2017); where groups' label rates differ, no useful model has both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from components.metrics.evaluation import Slice
from components.model_validator.gates import FairnessMetric


@dataclasses.dataclass(frozen=True)
class Gap:
    """The widest gap of a metric between groups: those with the highest and the lowest value."""

    highest: str
    lowest: str
    highest_value: float
    lowest_value: float

    @property
    def value(self) -> float:
        """The difference, >= 0."""
        return self.highest_value - self.lowest_value


def count_support(part: Slice, metric: FairnessMetric) -> int:
    """Count the rows that a group's value is a share of.

    They are of label 0 for the false-positive rate, of label 1 for the false-negative rate and
    calibration, and those predicted positive for precision.
    """
    # A share of no rows is missing, and counts none.
    positives = part.examples * (part.find_value("mean_label") or 0.0)
    negatives = part.examples - positives
    if metric == "false_positive_rate":
        return round(negatives)
    if metric == "precision":
        hits = positives * (part.find_value("recall") or 0.0)
        return round(hits + negatives * (part.find_value("false_positive_rate") or 0.0))
    return round(positives)


def find_widest_gap(
    groups: Sequence[Slice], metric: FairnessMetric, min_examples: int
) -> Gap | None:
    """Find the widest gap between any two groups whose values are shares of enough rows, if any."""
    values = {
        part.column_value or "": value
        for part in groups
        for value in [part.find_value(metric)]
        if value is not None and count_support(part, metric) >= min_examples
    }
    if len(values) < 2:
        return None
    highest = max(values, key=lambda group: values[group])
    lowest = min(values, key=lambda group: values[group])
    return Gap(highest, lowest, values[highest], values[lowest])
