"""What an evaluation says, in plain types that know neither TFX nor TFMA."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from components.metrics.metric_names import ScoreMetric

OVERALL = "overall"

_NEEDS_BOTH_LABELS: frozenset[ScoreMetric] = frozenset({"auc"})
_NEEDS_A_POSITIVE: frozenset[ScoreMetric] = frozenset(
    {"auc_precision_recall", "calibration", "recall", "false_negative_rate"}
)
_NEEDS_A_NEGATIVE: frozenset[ScoreMetric] = frozenset({"false_positive_rate"})


@dataclasses.dataclass(frozen=True)
class MetricValue:
    """One metric of one model on one slice.

    Attributes:
        value: Its value; NaN where it is not a number.
        lower: Lower end of its 95 % interval, None where there is none.
        upper: Upper end of its 95 % interval, None where there is none.
    """

    value: float
    lower: float | None = None
    upper: float | None = None


@dataclasses.dataclass(frozen=True)
class SliceMetrics:
    """One model's metrics on the rows of one slice.

    Attributes:
        column: Column that cuts the slice; None for the overall one, of all rows.
        column_value: The rows' value in that column, as text; None for the overall slice.
        metrics: Values by the names of ``components.metrics.metric_names``.
    """

    column: str | None
    column_value: str | None
    examples: int
    metrics: Mapping[str, MetricValue]

    @property
    def name(self) -> str:
        """``overall``, or ``column=value``."""
        return OVERALL if self.column is None else f"{self.column}={self.column_value}"

    def find_value(self, metric: ScoreMetric) -> float | None:
        """Give a metric's value, or None where it is missing, NaN or infinite."""
        found = self.metrics.get(metric)
        return found.value if found is not None and math.isfinite(found.value) else None

    def is_undefined(self, metric: ScoreMetric) -> bool:
        """Say whether the labels of these rows leave a metric without meaning for any model.

        Returns:
            True where all labels are the same and the metric needs both, or none is 1, or 0,
            and it needs one that is. False for a value that is NaN for another reason, which is
            then the model's own fault.
        """
        label_mean = self.find_value("mean_label")
        if metric in _NEEDS_BOTH_LABELS:
            return label_mean in (0.0, 1.0)
        if metric in _NEEDS_A_NEGATIVE:
            return label_mean == 1.0
        return metric in _NEEDS_A_POSITIVE and label_mean == 0.0


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The metrics of the candidate, and of the champion on the same rows.

    Attributes:
        candidate: The candidate's slices, the overall one first.
        baseline: The champion's slices; None where there was no champion.
    """

    candidate: tuple[SliceMetrics, ...]
    baseline: tuple[SliceMetrics, ...] | None

    def __post_init__(self) -> None:
        """Check that there is an overall slice.

        Raises:
            ValueError: If the candidate's slices do not start with it.
        """
        if not self.candidate or self.candidate[0].column is not None:
            raise ValueError(
                "an evaluation must start with the overall slice; it has "
                f"{[part.name for part in self.candidate[:3]]}"
            )

    @property
    def overall(self) -> SliceMetrics:
        """The candidate's metrics on all rows."""
        return self.candidate[0]

    def find_slices(self, column: str) -> tuple[SliceMetrics, ...]:
        """Give the candidate's slices by a column, in order; none where it was not sliced."""
        return tuple(part for part in self.candidate if part.column == column)

    def find_baseline(self, name: str) -> SliceMetrics | None:
        """Give the champion's metrics on a slice, or None where it has none."""
        return next((part for part in self.baseline or () if part.name == name), None)
