"""How ModelValidator finds out: ``model_validator:`` of an environment's YAML; plain Python."""

from __future__ import annotations

from typing import Annotated

import pydantic

from components.frozen_model import FrozenModel
from components.record import Record
from schemas.feature_table import FeatureTable


class ModelValidatorSettings(FrozenModel, strict=True):
    """How surely changes are judged, and how models are replayed.

    Attributes:
        confidence: Confidence of the two-sided intervals that gates are judged on; a gate errs on
            either side in at most ``(1 - confidence) / 2`` of cases.
        batch_rows: Rows per request when the rows whose scores the Evaluator kept are replayed.
        latency_rows: Requests of one row each whose latency is measured.
        timeout_seconds: How long one model's serving replay may take.
        max_train_rows: Maximum number of training rows that the trivial models are fitted on,
            chosen by their digests.
    """

    confidence: Annotated[float, pydantic.Field(ge=0.5, lt=1)] = 0.95
    batch_rows: pydantic.PositiveInt = 4096
    latency_rows: Annotated[int, pydantic.Field(ge=20)] = 300
    timeout_seconds: Annotated[float, pydantic.Field(gt=0)] = 900.0
    max_train_rows: Annotated[int, pydantic.Field(ge=100)] = 50_000


class RowSource(Record):
    """What ModelValidator must know about the examples.

    Attributes:
        split: Split that the Evaluator measured.
        train_split: Split that the trivial models are fitted on.
        label: Name under which ``transform_features`` gives the label.
        attributes: Names of the fairness attributes.
        columns: Empty; the release before can't read a record without it.
    """

    split: str
    train_split: str
    label: str
    threshold: float
    attributes: tuple[str, ...]
    columns: dict[str, str] = pydantic.Field(default_factory=dict)


def describe_rows(
    table: FeatureTable, split: str, threshold: float, train_split: str = "train"
) -> RowSource:
    """Describe the examples of a task, for the component's parameter ``rows``."""
    return RowSource(
        split=split,
        train_split=train_split,
        label=table.label.name,
        threshold=threshold,
        attributes=tuple(attribute.name for attribute in table.fairness_attributes),
    )
