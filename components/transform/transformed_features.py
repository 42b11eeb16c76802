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
    Steps,
    Transformation,
    Vocabulary,
)

OUT_OF_VOCABULARY_BUCKETS = 1
"""Indices kept for categories that the training split does not hold."""


@dataclasses.dataclass(frozen=True)
class TransformedFeature:
    """One output of Transform that the model takes; shape [batch].

    Attributes:
        name: Its name in the transformed examples.
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

    def index(suffix: str, count: int | None) -> TransformedFeature:
        name = f"{feature.name}_{suffix}"
        return TransformedFeature(name, feature.name, transformation, True, count)

    def number(suffix: str) -> TransformedFeature:
        return TransformedFeature(f"{feature.name}_{suffix}", feature.name, transformation, False)

    if isinstance(transformation, Numeric):
        if not transformation.buckets:
            return (number("scaled"),)
        return number("scaled"), index("bucket", transformation.buckets + 1)
    if isinstance(transformation, Vocabulary):
        return (index("index", None),)
    if isinstance(transformation, IntegerRange):
        return (index("index", transformation.index_count),)
    if isinstance(transformation, Steps):
        return index("step", transformation.index_count), number("step_fraction")
    raise TypeError(f"feature {feature.name!r}: unknown transformation {transformation!r}")
