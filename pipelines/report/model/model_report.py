"""The facts about a run's model: its training, its metrics, its slices, its fairness."""

from __future__ import annotations

from components.frozen_model import FrozenModel
from components.metrics.evaluation import CalibrationBin, MetricComparison, ThresholdCounts
from components.model_validator.gate_result import GateResult
from components.model_validator.validation import Validation


class Epoch(FrozenModel):
    """One pass over the training split; training metrics are measured with dropout.

    Attributes:
        number: Counted from 1.
        loss: Log loss plus the L2 penalties.
        log_loss: In nats.
        validation_log_loss: In nats; training stops by it.
    """

    number: int
    loss: float
    log_loss: float
    auc: float
    validation_loss: float
    validation_log_loss: float
    validation_auc: float
    learning_rate: float


class TrainingReport(FrozenModel):
    """How the model was trained.

    Attributes:
        epochs: At least one.
        best_epoch: Number of the epoch whose weights were kept: the lowest validation log loss.
    """

    epochs: tuple[Epoch, ...]
    best_epoch: int


class ModelCurves(FrozenModel):
    """One model's curves on all evaluated rows.

    Attributes:
        name: ``candidate`` or ``champion``.
        thresholds: Confusion matrix by threshold, lowest first: the first predicts every row 1,
            the last none.
        calibration: Bins of the scores.
    """

    name: str
    thresholds: tuple[ThresholdCounts, ...]
    calibration: tuple[CalibrationBin, ...]


class SliceReport(FrozenModel):
    """The metrics on one slice, beside the champion's.

    Attributes:
        column: Column, or fairness attribute, that cuts the slice.
        column_value: The rows' value in it, as text.
        is_group: Whether it is a group of a fairness attribute.
    """

    column: str
    column_value: str
    is_group: bool
    examples: int
    metrics: tuple[MetricComparison, ...]
    gates: tuple[GateResult, ...]

    @property
    def name(self) -> str:
        """``column=value``."""
        return f"{self.column}={self.column_value}"

    def find_metric(self, name: str) -> MetricComparison | None:
        """Find a metric by name; None where it was not measured."""
        return next((metric for metric in self.metrics if metric.name == name), None)


class FairnessReport(FrozenModel):
    """The groups of one fairness attribute.

    Attributes:
        gaps: Gates on gaps between its groups: value is the gap, ``groups`` the two that it lies
            between; empty where no gate asks.
    """

    attribute: str
    groups: tuple[SliceReport, ...]
    gaps: tuple[GateResult, ...]


class ModelReport(FrozenModel):
    """The model of a run.

    Attributes:
        training: By this run or, where cached, an earlier one; None where the Trainer did not get
            that far or its history is gone.
        threshold: The chosen one: a row counts as positive where its score is above it.
        candidate: None where the Evaluator did not get that far.
        champion: On the same rows; None where there was none.
        slices: Worst first by log loss, then by name; fairness groups among them.
        validation: What ModelValidator found: metrics, gates, serving replay, trivial models; None
            where it did not get that far.
    """

    training: TrainingReport | None
    threshold: float
    evaluated_split: str
    candidate: ModelCurves | None
    champion: ModelCurves | None
    slices: tuple[SliceReport, ...]
    fairness: tuple[FairnessReport, ...]
    validation: Validation | None
