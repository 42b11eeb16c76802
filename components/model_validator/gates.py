"""The gates that a candidate must pass, as they stand under ``gates:`` in the YAML; plain Python.

A gate is data; ``judgement`` applies it. A further kind of gate is a further member of ``Gate``.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import Annotated, Literal

import pydantic
from pydantic_core import PydanticCustomError

from components.frozen_model import FrozenModel
from components.metrics.metric_names import ScoreMetric

Rule = Literal["min", "max", "max_drop", "max_rise", "max_ratio", "max_gap", "min_gain"]
RULE_SIGNS: dict[Rule, str] = {
    "min": "≥",
    "max": "≤",
    "max_drop": "drop ≤",
    "max_rise": "rise ≤",
    "max_ratio": "≤ ×",
    "max_gap": "gap ≤",
    "min_gain": "gain ≥",
}
"""What stands before a gate's limit."""
Inconclusive = Literal["pass", "refuse"]
"""Whether an inconclusive outcome lets the model pass or refuses it."""
ServingMetric = Literal[
    "prediction_difference", "load_seconds", "latency_p50_ms", "latency_p99_ms", "size_mb"
]
TrivialName = Literal["base_rate", "logistic_regression"]
FairnessMetric = Literal["false_positive_rate", "false_negative_rate", "precision", "calibration"]

_Limit = Annotated[float, pydantic.Field(allow_inf_nan=False)]
_Change = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class NamedGate(FrozenModel, strict=True):
    """The base of all gates; names are unique in the list."""

    name: Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_]*$")]

    @property
    def limits(self) -> tuple[tuple[Rule, float], ...]:
        """The limits that are set, by rule; a gate has a field for each rule that it knows."""
        limits = ((rule, getattr(self, rule, None)) for rule in RULE_SIGNS)
        return tuple((rule, limit) for rule, limit in limits if limit is not None)


class MetricGate(NamedGate):
    """The base of the gates on a metric of slices.

    Attributes:
        slice_columns: Columns, or fairness attributes, whose every slice is judged; none for all
            rows together.
        min_examples: Smallest slice judged, in rows; all rows together are judged at any number.
    """

    metric: ScoreMetric
    slice_columns: Annotated[tuple[str, ...], pydantic.Field(strict=False)] = ()
    min_examples: pydantic.PositiveInt = 100


class ValueGate(MetricGate):
    """Hold a metric against fixed limits, inclusive."""

    kind: Literal["value"]
    min: _Limit | None = None
    max: _Limit | None = None

    @pydantic.model_validator(mode="after")
    def _have_limits_in_order(self) -> ValueGate:
        if not self.limits:
            raise ValueError("min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min <= max, not {self.min} > {self.max}")
        return self


class ChangeGate(MetricGate):
    """Hold a metric against the champion's on the same rows, by the interval of the change.

    It passes where the whole interval meets the limit, fails where none of it does, and is
    inconclusive otherwise.

    Attributes:
        max_drop: Maximum by which the metric may be below the champion's, inclusive.
        max_rise: Maximum by which it may be above, inclusive.
    """

    kind: Literal["change"]
    max_drop: _Change | None = None
    max_rise: _Change | None = None
    inconclusive: Inconclusive = "refuse"

    @pydantic.model_validator(mode="after")
    def _have_a_limit(self) -> ChangeGate:
        if not self.limits:
            raise ValueError("max_drop, max_rise or both")
        if self.metric == "expected_calibration_error":
            raise ValueError(
                "a gate of kind 'value' for expected_calibration_error: it is biased upwards where "
                "rows are few, so that an interval around its change would be off"
            )
        return self


class ServingGate(NamedGate):
    """Hold a measure of the serving replay against a fixed limit, the champion's, or both.

    Attributes:
        max: Largest value allowed, inclusive, in the unit that the measure's name ends with.
        max_ratio: Largest multiple of the champion's value allowed, inclusive.
    """

    kind: Literal["serving"]
    metric: ServingMetric
    max: _Change | None = None
    max_ratio: Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)] | None = None

    @pydantic.model_validator(mode="after")
    def _have_a_limit(self) -> ServingGate:
        if not self.limits:
            raise ValueError("max, max_ratio or both")
        if self.metric == "prediction_difference" and self.max_ratio is not None:
            raise ValueError("max alone for prediction_difference, which has no champion's value")
        return self


class FairnessGate(NamedGate):
    """Limit the gap of a metric between the groups of a fairness attribute.

    Attributes:
        attribute: Name of the attribute in the feature table.
        max_gap: Largest difference allowed between any two groups' values, inclusive.
        min_examples: Minimum number of rows that a group's value must be a share of.
    """

    kind: Literal["fairness"]
    attribute: str
    metric: FairnessMetric
    max_gap: _Change
    min_examples: pydantic.PositiveInt = 100


class TrivialGate(NamedGate):
    """Demand that the candidate's log loss beats that of trivial models.

    Attributes:
        models: Which ones; all are measured.
        min_gain: Minimum by which its log loss must be below theirs, in nats, inclusive.
    """

    kind: Literal["beats_trivial"]
    models: Annotated[tuple[TrivialName, ...], pydantic.Field(min_length=1, strict=False)] = (
        "base_rate",
        "logistic_regression",
    )
    min_gain: _Change = 0.0
    inconclusive: Inconclusive = "refuse"


Gate = Annotated[
    ValueGate | ChangeGate | ServingGate | FairnessGate | TrivialGate,
    pydantic.Field(discriminator="kind"),
]


def _check_gates(gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
    names = collections.Counter(gate.name for gate in gates)
    duplicates = sorted(name for name, count in names.items() if count > 1)
    if duplicates:
        raise PydanticCustomError(
            "duplicate", "duplicate gate name: {names}", {"names": ", ".join(duplicates)}
        )
    if not any(isinstance(gate, ValueGate) and not gate.slice_columns for gate in gates):
        raise ValueError(
            "at least one gate of kind 'value' without slice_columns; without it the first model "
            "would be pushed unjudged"
        )
    return gates


Gates = Annotated[
    tuple[Gate, ...],
    pydantic.Field(min_length=1, strict=False),
    pydantic.AfterValidator(_check_gates),
]
"""A usable list of gates: names are unique, and a model without a champion is judged too."""

_GATES: pydantic.TypeAdapter[tuple[Gate, ...]] = pydantic.TypeAdapter(Gates)


def load_gates(text: str) -> tuple[Gate, ...]:
    """Read what ``dump_gates`` wrote; raises ``pydantic.ValidationError`` if it is not usable."""
    return _GATES.validate_json(text)


def dump_gates(gates: Sequence[Gate]) -> str:
    """Write gates as JSON; the same gates give the same text, so it can serve as a cache key."""
    return _GATES.dump_json(tuple(gates), exclude_none=True).decode()
