"""The names and kinds of what Transform makes of a feature table; plain Python.

Transform writes these features, Trainer builds a model input for each of them.
"""

from __future__ import annotations

import dataclasses
import enum

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


class InputKind(enum.Enum):
    """How the model takes a transformed feature."""

    DENSE = "dense"
    """A float around 0 or from 0 to 1; 0 where the value is missing."""
    INDEX = "index"
    """An integer, 0 to ``index_count - 1``."""


@dataclasses.dataclass(frozen=True)
class TransformedFeature:
    """One output of Transform that the model takes; shape [batch].

    Attributes:
        name: Its name in the transformed examples.
        source: Column that it is made of.
        index_count: Number of indices; None where the vocabulary's size decides, which is known
            after Transform has run, and for floats.
    """

    name: str
    source: str
    transformation: Transformation
    kind: InputKind
    index_count: int | None = None


def list_transformed_features(table: FeatureTable) -> tuple[TransformedFeature, ...]:
    """List the model's inputs in the order of the table.

    Returns:
        One entry for each output of each transformation of each input column.
    """
    return tuple(
        transformed
        for feature in table.inputs
        for transformation in feature.transformations
        for transformed in _expand(feature, transformation)
    )


def _expand(feature: Feature, transformation: Transformation) -> tuple[TransformedFeature, ...]:
    def index(suffix: str, count: int | None) -> TransformedFeature:
        name = f"{feature.name}_{suffix}"
        return TransformedFeature(name, feature.name, transformation, InputKind.INDEX, count)

    def dense(suffix: str) -> TransformedFeature:
        name = f"{feature.name}_{suffix}"
        return TransformedFeature(name, feature.name, transformation, InputKind.DENSE)

    if isinstance(transformation, Numeric):
        if not transformation.buckets:
            return (dense("scaled"),)
        return dense("scaled"), index("bucket", transformation.buckets + 1)
    if isinstance(transformation, Vocabulary):
        return (index("index", None),)
    if isinstance(transformation, IntegerRange):
        return (index("index", transformation.index_count),)
    if isinstance(transformation, Steps):
        return index("step", transformation.index_count), dense("step_fraction")
    raise TypeError(f"feature {feature.name!r}: unknown transformation {transformation!r}")
