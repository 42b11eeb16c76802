"""How ModelValidator finds out: the ``model_validator:`` part of an environment's YAML.

This module is plain Python.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from components.frozen_model import FrozenModel
from components.record import Record
from schemas.feature_table import DType, FeatureTable


class ModelValidatorSettings(FrozenModel, strict=True):
    """How surely changes are judged, and how models are replayed.

    Attributes:
        confidence: Confidence of the two-sided intervals that gates are judged on; a gate errs on
            either side in at most ``(1 - confidence) / 2`` of cases.
        batch_rows: Rows a request when the rows that the Evaluator kept the scores of are replayed.
        latency_rows: Requests of one row each whose latency is measured.
        timeout_seconds: Longest that one model's replay may take.
        max_train_rows: Most training rows that the trivial models are fitted on, chosen by their
            digests.
    """

    confidence: Annotated[float, pydantic.Field(ge=0.5, lt=1)] = 0.95
    batch_rows: pydantic.PositiveInt = 4096
    latency_rows: Annotated[int, pydantic.Field(ge=20)] = 300
    timeout_seconds: Annotated[float, pydantic.Field(gt=0)] = 900.0
    max_train_rows: Annotated[int, pydantic.Field(ge=100)] = 50_000


class RowSource(Record):
    """What a replay must know of the examples.

    Attributes:
        split: Split that the Evaluator measured.
        train_split: Split that the trivial models are fitted on.
        label: Name under which ``transform_features`` gives the label.
        threshold: A row counts as positive where its probability is above it.
        columns: Type by raw column that slices are cut by.
        attributes: Fairness attributes, which ``transform_features`` gives too.
    """

    split: str
    train_split: str
    label: str
    threshold: float
    columns: dict[str, Literal["float", "int", "bytes"]]
    attributes: tuple[str, ...]


def describe_rows(
    table: FeatureTable, split: str, threshold: float, train_split: str = "train"
) -> RowSource:
    """Describe the examples of a task.

    Args:
        split: Split that the Evaluator measures.
        threshold: The Evaluator's threshold.
        train_split: Split that the model is trained on.

    Returns:
        What the component takes, as JSON, in its parameter ``rows``.
    """
    kinds: dict[DType, Literal["float", "int", "bytes"]] = {
        DType.FLOAT: "float",
        DType.INT: "int",
        DType.BYTES: "bytes",
    }
    return RowSource(
        split=split,
        train_split=train_split,
        label=table.label.name,
        threshold=threshold,
        columns={name: kinds[table.feature(name).dtype] for name in table.slice_columns},
        attributes=tuple(attribute.name for attribute in table.fairness_attributes),
    )
