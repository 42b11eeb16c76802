"""The digest of an evaluation: ``digest.json`` beside the metrics that TFMA reads.

Reading TFMA's own files means importing TFMA, TensorFlow and Beam, which takes longer than all else
that a report does. The Evaluator has them imported already, so it leaves the same numbers here.

This module is plain Python.
"""

from __future__ import annotations

from pathlib import Path

from components.record import Record

FILE_NAME = "digest.json"


class MeasuredMetric(Record):
    """One metric of one model on one slice.

    Attributes:
        value: Its value; None where it is not a number.
        lower: Lower end of its 95 % interval; None where there is none.
        upper: Upper end of its 95 % interval; None where there is none.
    """

    value: float | None
    lower: float | None
    upper: float | None


class MeasuredSlice(Record):
    """One model's metrics on the rows of one slice.

    Attributes:
        column: Column, or fairness attribute, that cuts the slice; None for all rows.
        column_value: The rows' value in it, as text; None for all rows.
        metrics: Values by the names of ``metric_names``.
    """

    column: str | None
    column_value: str | None
    examples: int
    metrics: dict[str, MeasuredMetric]


class ThresholdCounts(Record):
    """The confusion matrix at one threshold; a row is predicted 1 where its score is above it.

    Attributes:
        threshold: The threshold, a probability.
    """

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
    """Rows whose scores are in one bin.

    Attributes:
        low: Lowest probability of the bin, inclusive.
        high: Highest, exclusive but for 1.
        rows: Number of rows, at least one.
        mean_prediction: Mean of their probabilities.
        mean_label: Share of them with label 1.
    """

    low: float
    high: float
    rows: int
    mean_prediction: float
    mean_label: float


class ModelMeasures(Record):
    """All that was measured of one model.

    Attributes:
        slices: Its metrics by slice, all rows first.
        thresholds: Confusion matrices on all rows, by threshold, lowest first; the first predicts
            every row 1 and the last none. Empty where a score is not a probability.
        calibration: Bins of equal width in probability on all rows, those without rows left out;
            empty where a score is not a probability.
    """

    slices: tuple[MeasuredSlice, ...]
    thresholds: tuple[ThresholdCounts, ...]
    calibration: tuple[CalibrationBin, ...]


class EvaluationDigest(Record):
    """The content of ``digest.json``.

    Attributes:
        champion: What was measured of the champion on the same rows; None where there was none, or
            it could not be measured.
    """

    candidate: ModelMeasures
    champion: ModelMeasures | None


def write_digest(digest: EvaluationDigest, directory: Path) -> None:
    """Write ``digest.json``.

    Args:
        directory: Folder of the ``ModelEvaluation`` artifact; it must be there.
    """
    text = digest.model_dump_json(indent=1)
    (directory / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def find_digest(directory: Path) -> EvaluationDigest | None:
    """Read ``digest.json`` if it is there: another Evaluator than ours leaves none.

    Args:
        directory: Folder of a ``ModelEvaluation`` artifact.

    Returns:
        What was written there, or None.

    Raises:
        pydantic.ValidationError: If it is not one of this version.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        return None
    return EvaluationDigest.model_validate_json(path.read_text(encoding="utf-8"))


def _divide(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
