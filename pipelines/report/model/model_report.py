"""The facts about a run's model: its training, its metrics, its slices, its fairness."""

from __future__ import annotations

from components.frozen_model import FrozenModel
from components.metrics.evaluation import CalibrationBin, MetricComparison, ThresholdCounts
from components.model_validator.gate_result import GateResult
from components.model_validator.validation import Validation


class Epoch(FrozenModel):
    """One pass over the training split.

    Attributes:
        number: Which, counted from 1.
        loss: Training loss: log loss with dropout, plus the L2 penalties.
        log_loss: Log loss on the training split, in nats, with dropout.
        auc: AUC on the training split, with dropout.
        validation_loss: Loss on the validation split.
        validation_log_loss: Log loss on the validation split, in nats; training stops by it.
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
        epochs: Every pass, at least one.
        best_epoch: Number of the pass whose weights were kept: that of the lowest validation log
            loss.
    """

    epochs: tuple[Epoch, ...]
    best_epoch: int


class ModelCurves(FrozenModel):
    """One model's curves on all evaluated rows.

    Attributes:
        name: ``candidate`` or ``champion``.
        thresholds: Confusion matrix by threshold, lowest first: the ROC curve is
            ``false_positive_rate`` to ``recall``, the precision-recall curve ``recall`` to
            ``precision``. The first predicts every row 1, the last none.
        calibration: Bins of the scores, for ``mean_prediction`` to ``mean_label``.
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
        metrics: Every metric of the candidate with its interval, beside the champion's value.
        gates: What gates said of this slice.
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
        """Give a metric by name; None where it was not measured."""
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
        training: How it was trained, by this run or, where cached, by an earlier one; None where
            the Trainer did not get that far or its history is gone.
        threshold: A row counts as positive where its score is above it: the chosen threshold.
        evaluated_split: Split that it was evaluated on.
        candidate: Its curves; None where the Evaluator did not get that far.
        champion: The champion's on the same rows; None where there was none.
        slices: Every slice, worst first by log loss, then by name; fairness groups among them.
        fairness: The fairness attributes.
        validation: What ModelValidator found: metrics, gates, replay, trivial models; None where it
            did not get that far. The run's summary shows its metrics and gates.
    """

    training: TrainingReport | None
    threshold: float
    evaluated_split: str
    candidate: ModelCurves | None
    champion: ModelCurves | None
    slices: tuple[SliceReport, ...]
    fairness: tuple[FairnessReport, ...]
    validation: Validation | None
