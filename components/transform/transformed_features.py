"""The names and kinds of what Transform makes of a feature table; plain Python.

Transform writes these features, Trainer builds a model input for each of them.
"""

from __future__ import annotations

import dataclasses

from schemas.feature_table import (
    Feature,
    FeatureTable,
    IntegerRange,
    Numeric,
    Transformation,
    Vocabulary,
)

OUT_OF_VOCABULARY_BUCKETS = 1
"""Indices kept for categories that the training split does not hold."""


@dataclasses.dataclass(frozen=True)
class TransformedFeature:
    """One output of Transform that the model takes; shape [batch].

    Attributes:
        source: Column that it is made of.
        is_index: Whether it is an integer, 0 to ``index_count - 1``; otherwise it is a float around
            0 or from 0 to 1, and 0 where the value is missing.
        index_count: Number of indices; None where the vocabulary's size decides, which is known
            after Transform has run, and for floats.
    """

    name: str
    source: str
    transformation: Transformation
    is_index: bool
    index_count: int | None = None


def list_transformed_features(table: FeatureTable) -> tuple[TransformedFeature, ...]:
    """List the model's inputs, those of each transformation of each column, in table order."""
    return tuple(
        transformed
        for feature in table.inputs
        for transformation in feature.transformations
        for transformed in list_outputs(feature, transformation)
    )


def list_outputs(
    feature: Feature, transformation: Transformation
) -> tuple[TransformedFeature, ...]:
    """List what one transformation of a column gives."""
    return tuple(
        TransformedFeature(
            f"{feature.name}_{suffix}", feature.name, transformation, is_index, index_count
        )
        for suffix, is_index, index_count in _describe_outputs(transformation)
    )


def _describe_outputs(transformation: Transformation) -> list[tuple[str, bool, int | None]]:
    """Give suffix, ``is_index`` and ``index_count`` of each output."""
    if isinstance(transformation, Numeric):
        buckets = [("bucket", True, transformation.buckets + 1)] if transformation.buckets else []
        return [("scaled", False, None), *buckets]
    if isinstance(transformation, Vocabulary):
        return [("index", True, None)]
    if isinstance(transformation, IntegerRange):
        return [("index", True, transformation.index_count)]
    return [("step", True, transformation.index_count), ("step_fraction", False, None)]
