"""What was found out of a candidate beside the Evaluator's metrics.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from components.metrics.metric_names import ScoreMetric
from components.metrics.paired_change import Change
from components.model_validator.gates import ServingMetric, TrivialName
from components.record import Record


class ModelReplay(Record):
    """A model's serving replay; what could not be measured is None.

    Attributes:
        problem: Why the model could not be served, in one line; None where it could.
        latency_p50_ms: Median time of a request of one row, in milliseconds.
        latency_p99_ms: 99th percentile of the same.
        size_mb: Size of the SavedModel's files, in 10^6 bytes.
        prediction_difference: Largest difference between a row's probability in the replay and
            the one that the Evaluator measured.
        difference_at: The row that has it, or why there is none.
    """

    problem: str | None = None
    rows: int | None = None
    load_seconds: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    size_mb: float | None = None
    prediction_difference: float | None = None
    difference_at: str | None = None

    def find_value(self, metric: ServingMetric) -> float | None:
        """Give a measure, or None where it is missing."""
        value: float | None = getattr(self, metric)
        return value


class TrivialModel(Record):
    """A trivial model on the evaluated rows.

    Attributes:
        name: Its name, see ``trivial_models``.
        log_loss: Its log loss, in nats.
        auc: Its AUC; None where the rows have one label only.
        change: The candidate's log loss minus its.
        lower: Lower end of the interval of ``change``.
        upper: Upper end of it.
    """

    name: TrivialName
    log_loss: float
    auc: float | None
    change: float
    lower: float
    upper: float


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What was found out.

    Attributes:
        champion_misfit: Why the Evaluator could not measure the champion; None where it could, or
            there is none.
        candidate: The candidate's replay; None where no gate needed one.
        changes: Change from the champion by metric and name of slice; None where it has no
            interval.
        thinned_slices: Rows that were replayed of each slice whose change a gate asks for; empty
            where all evaluated rows were.
        trivial: The trivial models; none where they could not be fitted.
        confidence: Confidence of the intervals.
    """

    champion_misfit: str | None = None
    candidate: ModelReplay | None = None
    champion: ModelReplay | None = None
    changes: Mapping[tuple[ScoreMetric, str], Change | None] = dataclasses.field(
        default_factory=dict
    )
    thinned_slices: Mapping[str, int] = dataclasses.field(default_factory=dict)
    trivial: tuple[TrivialModel, ...] = ()
    confidence: float = 0.95

    @property
    def replay_problem(self) -> str:
        """Why there are no changes, in one line."""
        if self.candidate is None:
            return "no rows were replayed"
        if self.candidate.problem:
            return f"the candidate can't be served: {self.candidate.problem}"
        if self.champion is not None and self.champion.problem:
            return f"the champion can't be compared: {self.champion.problem}"
        return "the rows of the slice were not found again"
