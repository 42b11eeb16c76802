"""What was found out about a candidate beside the Evaluator's metrics; plain Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from components.metrics.evaluation import Change, Number
from components.metrics.metric_names import ScoreMetric
from components.model_validator.gates import TrivialName
from components.record import Record
from components.serving.model_replay import ModelReplay


class TrivialModel(Record):
    """A trivial model on the evaluated rows; see ``trivial_models``.

    Attributes:
        log_loss: In nats.
        auc: None where the rows have one label only.
        change: The candidate's log loss minus its; its interval is ``lower`` to ``upper``.
    """

    name: TrivialName
    log_loss: float
    auc: Number
    change: float
    lower: float
    upper: float


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What was found out.

    Attributes:
        incompatible_champion: Why the Evaluator could not measure the champion; None where it
            could, or there is none.
        candidate: The candidate's serving replay; None where no gate asked for one.
        champion: The champion's.
        changes: Change from the champion by metric and name of slice, on the rows whose scores
            were kept; None where it has no interval.
        thinned_slices: Rows whose scores were kept of each slice whose change a gate asks for;
            empty where all were.
        trivial: The trivial models; none where they could not be fitted, or no gate asked.
        confidence: Of the intervals.
    """

    incompatible_champion: str | None = None
    candidate: ModelReplay | None = None
    champion: ModelReplay | None = None
    changes: Mapping[tuple[ScoreMetric, str], Change | None] = dataclasses.field(
        default_factory=dict
    )
    thinned_slices: Mapping[str, int] = dataclasses.field(default_factory=dict)
    trivial: tuple[TrivialModel, ...] = ()
    confidence: float = 0.95
