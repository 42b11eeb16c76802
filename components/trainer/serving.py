"""The SavedModel: Transform's graph and the model in one, so that serving can't skew.

Signatures, all with a batch of any size:

- ``serving_default``: ``examples``, serialized ``tf.Example``, string [batch].
- ``serving_raw``: one tensor a column, [batch]; a missing value is the column's
  ``missing_value`` in the feature table (NaN, -1, or the empty string, unless it has a default).
- ``transform_features``: ``examples`` as above, with the label's columns; gives the transformed
  features and the label. The Evaluator reads the label there.

The first two return ``probability``, float32 [batch]: of the label being 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import tensorflow as tf

from schemas.feature_table import DType, Feature, FeatureTable

PROBABILITY = "probability"
"""Name of the models' output."""

_TENSOR_TYPES = {DType.FLOAT: tf.float32, DType.INT: tf.int64, DType.BYTES: tf.string}

FeatureSpec = Mapping[str, tf.io.FixedLenFeature | tf.io.VarLenFeature]
TransformLayer = Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]


class ServingModel(tf.Module):
    """What is exported: the transform layer and the model, behind the signatures."""

    def __init__(
        self,
        model: tf.keras.Model,
        transform_layer: TransformLayer,
        raw_feature_spec: FeatureSpec,
        table: FeatureTable,
    ) -> None:
        """Put the parts together.

        Args:
            model: Takes transformed features by name, gives the probability, [batch, 1].
            transform_layer: Takes raw columns by name, gives transformed features.
            raw_feature_spec: How to parse the raw columns.
            table: The task's feature table.
        """
        super().__init__()
        self.model = model
        self.transform_layer = transform_layer
        self._raw_feature_spec = dict(raw_feature_spec)
        self._table = table
        self._serving_names = [feature.name for feature in table.serving_features]

    def create_signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Trace the signatures.

        Returns:
            Concrete functions by name.
        """
        # AutoGraph would convert Transform's whole graph in Python; nothing here needs it.
        examples = tf.TensorSpec([None], tf.string, name="examples")
        serve = tf.function(self._serve_examples, input_signature=[examples], autograph=False)
        transform = tf.function(self._transform, input_signature=[examples], autograph=False)
        columns = {
            feature.name: tf.TensorSpec([None], _TENSOR_TYPES[feature.dtype], name=feature.name)
            for feature in self._table.serving_features
        }
        serve_raw = tf.function(self._serve_columns, autograph=False)
        return {
            "serving_default": serve.get_concrete_function(),
            "serving_raw": serve_raw.get_concrete_function(**columns),
            "transform_features": transform.get_concrete_function(),
        }

    def _serve_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {name: self._raw_feature_spec[name] for name in self._serving_names}
        return self._predict(tf.io.parse_example(examples, spec))

    def _serve_columns(self, **columns: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._predict(
            {
                feature.name: drop_missing(columns[feature.name], feature)
                for feature in self._table.serving_features
            }
        )

    def _transform(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {
            name: feature
            for name, feature in self._raw_feature_spec.items()
            if name in self._table.names
        }
        return self.transform_layer(tf.io.parse_example(examples, spec))

    def _predict(self, raw: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        transformed = self.transform_layer(dict(raw))
        transformed.pop(self._table.label.name, None)
        return {PROBABILITY: tf.squeeze(self.model(transformed, training=False), axis=1)}


def drop_missing(column: tf.Tensor, feature: Feature) -> tf.SparseTensor:
    """Turn a dense column into the sparse one that an example would have given.

    Args:
        column: Values, [batch]; ``feature.missing_value`` stands for a missing one.
        feature: The column in the feature table.

    Returns:
        Shape [batch, 1], without entries where values are missing.
    """
    if feature.dtype is DType.FLOAT and feature.default is None:
        present = tf.logical_not(tf.math.is_nan(column))
    else:
        present = tf.not_equal(column, tf.constant(feature.missing_value, column.dtype))
    rows = tf.where(present)
    indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
    shape = tf.stack([tf.shape(column, tf.int64)[0], 1])
    return tf.SparseTensor(indices, tf.boolean_mask(column, present), shape)
