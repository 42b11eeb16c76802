"""What was measured of a candidate, and of the champion on the same rows: ``digest.json``.

The Evaluator writes it; gates, screens and pages read it. TFMA's own files beside it hold the same
numbers, but reading those takes TFMA, TensorFlow and Beam.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import pydantic

from components.metrics.metric_names import ScoreMetric
from components.record import Record
from components.record_file import UnreadableRecordError, find_record, write_record

FILE_NAME = "digest.json"
OVERALL = "overall"

_UNDEFINED_AT: dict[ScoreMetric, tuple[float, ...]] = {
    "auc": (0.0, 1.0),
    "auc_precision_recall": (0.0,),
    "calibration": (0.0,),
    "recall": (0.0,),
    "false_negative_rate": (0.0,),
    "false_positive_rate": (1.0,),
}
"""Means of the label, by metric, at which it has no meaning for any model."""


def _drop_non_finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, pydantic.BeforeValidator(_drop_non_finite)]
"""A finite number; None for NaN and infinity, which JSON does not have."""


class Metric(Record):
    """A metric of one model on one slice, and its interval; None where there is no number."""

    value: Number
    lower: Number = None
    upper: Number = None


class Change(Metric):
    """A metric's change with its interval: one model's value minus another's, on the same rows."""

    value: float
    lower: float
    upper: float


class MetricComparison(Metric):
    """A metric of the candidate, beside the champion's, if there is one."""

    name: str
    baseline: Number = None


class Slice(Record):
    """One model's metrics on the rows of one slice.

    Attributes:
        column: Column, or fairness attribute, that cuts the slice; None for all rows.
        column_value: The rows' value in it, as text; None for all rows.
        metrics: By the names of ``metric_names``.
    """

    column: str | None
    column_value: str | None
    examples: int
    metrics: dict[str, Metric]

    @property
    def name(self) -> str:
        """``overall``, or ``column=value``."""
        return OVERALL if self.column is None else f"{self.column}={self.column_value}"

    def find_value(self, metric: ScoreMetric) -> float | None:
        """Give a metric's value; None where it is missing or not a number."""
        found = self.metrics.get(metric)
        return found.value if found is not None else None

    def is_undefined(self, metric: ScoreMetric) -> bool:
        """Tell whether the labels of these rows leave a metric without meaning for any model.

        A value that is missing for another reason is the model's own fault.
        """
        return self.find_value("mean_label") in _UNDEFINED_AT.get(metric, ())


class ThresholdCounts(Record):
    """The confusion matrix at one threshold; a row is predicted 1 where its score is above it."""

    threshold: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def rows(self) -> int:
        """All rows."""
        return (
            self.true_positives + self.false_positives + self.true_negatives + self.false_negatives
        )

    @property
    def recall(self) -> float | None:
        """Share of label 1 predicted 1, the ROC curve's height; None without label 1."""
        return _divide(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> float | None:
        """Share of label 0 predicted 1, the ROC curve's abscissa; None without label 0."""
        return _divide(self.false_positives, self.false_positives + self.true_negatives)

    @property
    def precision(self) -> float | None:
        """Share of label 1 among rows predicted 1; None where none is."""
        return _divide(self.true_positives, self.true_positives + self.false_positives)

    @property
    def accuracy(self) -> float | None:
        """Share of rows predicted right; None without rows."""
        return _divide(self.true_positives + self.true_negatives, self.rows)


class CalibrationBin(Record):
    """Rows, at least one, whose scores are in one bin.

    Attributes:
        low: Lowest probability of the bin, inclusive.
        high: Highest, exclusive except for 1.
    """

    low: float
    high: float
    rows: int
    mean_prediction: float
    mean_label: float


class ModelMeasures(Record):
    """Everything that was measured of one model.

    Attributes:
        slices: Its metrics by slice, all rows first, then by column and value.
        thresholds: Confusion matrices on all rows, lowest threshold first; the first predicts
            every row 1 and the last none. Empty where a score is not a probability.
        calibration: Bins of equal width in probability on all rows, without the empty ones; empty
            where a score is not a probability.
    """

    slices: tuple[Slice, ...]
    thresholds: tuple[ThresholdCounts, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()

    @pydantic.field_validator("slices")
    @classmethod
    def _start_with_all_rows(cls, slices: tuple[Slice, ...]) -> tuple[Slice, ...]:
        if not slices or slices[0].column is not None:
            raise ValueError(
                "an evaluation must start with the overall slice; it has "
                f"{[part.name for part in slices[:3]]}"
            )
        return slices


class Evaluation(Record):
    """The content of ``digest.json``.

    Attributes:
        champion: What was measured of the champion on the same rows; None where there was none, or
            it could not be measured.
    """

    candidate: ModelMeasures
    champion: ModelMeasures | None = None

    @property
    def overall(self) -> Slice:
        """The candidate's metrics on all rows."""
        return self.candidate.slices[0]

    def find_slices(self, column: str) -> tuple[Slice, ...]:
        """Give the candidate's slices by a column, in order; none where it was not sliced."""
        return tuple(part for part in self.candidate.slices if part.column == column)

    def select_slices(self, columns: Sequence[str]) -> Iterator[Slice]:
        """Give the candidate's slices by some columns; all rows as one slice where there are none.

        A column without slices gives an empty one, ``column=*``.
        """
        if not columns:
            yield self.overall
        for column in columns:
            nothing = Slice(column=column, column_value="*", examples=0, metrics={})
            yield from self.find_slices(column) or (nothing,)

    def find_champion(self, name: str) -> Slice | None:
        """Give the champion's metrics on a slice, or None where it has none."""
        slices = self.champion.slices if self.champion else ()
        return next((part for part in slices if part.name == name), None)

    def compare(self, part: Slice) -> tuple[MetricComparison, ...]:
        """Put the candidate's metrics on a slice beside the champion's, in the slice's order."""
        champion = self.find_champion(part.name)
        baselines = champion.metrics if champion else {}
        return tuple(
            MetricComparison(
                **metric.model_dump(),
                name=name,
                baseline=baselines[name].value if name in baselines else None,
            )
            for name, metric in part.metrics.items()
        )


def write_evaluation(evaluation: Evaluation, directory: Path) -> None:
    """Write ``digest.json`` into the folder of a ``ModelEvaluation`` artifact."""
    write_record(evaluation, directory / FILE_NAME)


def find_evaluation(directory: Path) -> Evaluation | None:
    """Read ``digest.json``; None where there is none, for another Evaluator than ours leaves none.

    Raises:
        UnreadableRecordError: If it is not one of this version.
    """
    return find_record(Evaluation, directory / FILE_NAME)


def read_evaluation(directory: Path) -> Evaluation:
    """Read ``digest.json`` where there must be one.

    Raises:
        UnreadableRecordError: If there is none, or it is not one of this version.
    """
    if found := find_evaluation(directory):
        return found
    raise UnreadableRecordError(
        f"{directory}: no {FILE_NAME}; it was not written by this pipeline's Evaluator, so run "
        "the Evaluator again"
    )


def _divide(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
