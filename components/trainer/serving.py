"""The SavedModel: Transform's graph and the model in one, so that serving can't skew.

Its signatures are those of ``components.serving.signatures``, all with a batch of any size. Those
of one tensor per column take the column's ``missing_value`` in the feature table (NaN, -1, or the
empty string, unless it has a default) for a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from components.serving.signatures import PROBABILITY, RAW_SERVING, SERVING, TRANSFORM
from components.trainer.fairness_groups import assign_groups
from components.transform.preprocessing import Column
from schemas.feature_table import DType, Feature, FeatureTable

_TENSOR_TYPES = {DType.FLOAT: tf.float32, DType.INT: tf.int64, DType.BYTES: tf.string}

FeatureSpec = Mapping[str, tf.io.FixedLenFeature | tf.io.VarLenFeature]


class ServingModel(tf.Module):
    """What is exported: Transform's graph and the model's variables, behind the signatures.

    Neither is exported as the Keras object that it could be: Keras traces each layer again at
    export, for readers that have the same Keras, and that takes longer than training.
    """

    def __init__(
        self,
        model: tf.keras.Model,
        transform_graph: tf.Module,
        raw_feature_spec: FeatureSpec,
        table: FeatureTable,
    ) -> None:
        """Put the parts together.

        Args:
            model: Takes transformed features by name, gives the probability, [batch, 1].
            transform_graph: Transform's SavedModel, loaded.
            raw_feature_spec: How to parse the raw columns.
        """
        super().__init__()
        self.model_variables = tuple(model.variables)
        self.transform_graph = transform_graph
        self._raw_feature_spec = dict(raw_feature_spec)
        self._table = table

        def score(transformed: dict[str, tf.Tensor]) -> tf.Tensor:
            return model(transformed, training=False)

        self._score = score

    def create_signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """Trace the signatures."""
        # AutoGraph would convert Transform's whole graph in Python; nothing here needs it.
        serve, serve_raw, transform = (
            tf.function(function, autograph=False)
            for function in (self._serve_examples, self._serve_columns, self._transform_examples)
        )
        examples = tf.TensorSpec([None], tf.string, name="examples")
        columns = {
            feature.name: tf.TensorSpec([None], _TENSOR_TYPES[feature.dtype], name=feature.name)
            for feature in self._table.inputs
        }
        return {
            SERVING: serve.get_concrete_function(examples),
            RAW_SERVING: serve_raw.get_concrete_function(**columns),
            TRANSFORM: transform.get_concrete_function(examples),
        }

    def _serve_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        names = [feature.name for feature in self._table.inputs]
        return self._predict(self._parse(examples, names), tf.size(examples, tf.int64))

    def _serve_columns(self, **columns: tf.Tensor) -> dict[str, tf.Tensor]:
        sparse = {
            feature.name: drop_missing(columns[feature.name], feature)
            for feature in self._table.inputs
        }
        rows = tf.size(next(iter(columns.values())), tf.int64)
        return self._predict(sparse, rows)

    def _transform_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        columns = self._parse(examples, self._table.names)
        groups = {
            attribute.name: assign_groups(columns[attribute.column], attribute)
            for attribute in self._table.fairness_attributes
        }
        return {**self._transform(columns, tf.size(examples, tf.int64)), **groups}

    def _predict(self, columns: Mapping[str, Column], rows: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = self._transform(columns, rows)
        del transformed[self._table.label.name]
        return {PROBABILITY: tf.squeeze(self._score(transformed), axis=1)}

    def _parse(self, examples: tf.Tensor, names: Sequence[str]) -> dict[str, Column]:
        spec = {name: self._raw_feature_spec[name] for name in names}
        return tf.io.parse_example(examples, spec)

    def _transform(self, columns: Mapping[str, Column], rows: tf.Tensor) -> dict[str, tf.Tensor]:
        """Apply Transform's graph; it takes every column, so those not given are all missing."""
        transform = self.transform_graph.transform_fn
        (specs,), _ = transform.structured_input_signature
        return transform(
            {
                name: columns[name] if name in columns else _create_missing(spec, rows)
                for name, spec in specs.items()
            }
        )


def _create_missing(spec: tf.TypeSpec, rows: tf.Tensor) -> Column:
    if isinstance(spec, tf.SparseTensorSpec):
        no_indices = tf.zeros([0, 2], tf.int64)
        return tf.SparseTensor(no_indices, tf.zeros([0], spec.dtype), tf.stack([rows, 1]))
    return tf.zeros([rows], spec.dtype)


def drop_missing(column: tf.Tensor, feature: Feature) -> tf.SparseTensor:
    """Turn a dense column, [batch], into the sparse one that an example would have given.

    It has shape [batch, 1], without entries where ``feature.missing_value`` stood.
    """
    if feature.dtype is DType.FLOAT and feature.default is None:
        present = tf.logical_not(tf.math.is_nan(column))
    else:
        present = tf.not_equal(column, tf.constant(feature.missing_value, column.dtype))
    rows = tf.where(present)
    indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
    shape = tf.stack([tf.shape(column, tf.int64)[0], 1])
    return tf.SparseTensor(indices, tf.boolean_mask(column, present), shape)
