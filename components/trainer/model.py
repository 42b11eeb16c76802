"""The tf.keras model: embeddings of the indices and the scaled numbers, into dense layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from components.trainer.keras_internals import Classifier
from components.trainer.settings import TrainerSettings


@dataclasses.dataclass(frozen=True)
class ModelInput:
    """One transformed feature that the model takes, [batch]; a float has no number of indices."""

    name: str
    index_count: int | None

    @property
    def dtype(self) -> tf.DType:
        """Type of its values."""
        return tf.float32 if self.index_count is None else tf.int64


class Stack(tf.keras.layers.Layer):
    """Puts columns of shape [batch] side by side: [batch, columns]."""

    def call(self, columns: Sequence[tf.Tensor]) -> tf.Tensor:
        """Stack the columns."""
        return tf.stack(columns, axis=1)


class Embeddings(tf.keras.layers.Layer):
    """Embeds several indices, [batch] each, from one table: one variable and one look-up per step.

    One table per index would give the same in twice the time: what a gradient step costs here is
    the number of operations rather than of numbers.
    """

    def __init__(self, index_counts: Sequence[int], settings: TrainerSettings, name: str) -> None:
        """Lay out the table for inputs of as many indices each."""
        super().__init__(name=name)
        self._offsets = np.cumsum([0, *index_counts[:-1]])
        self._rows = sum(index_counts)
        self._settings = settings

    def build(self, input_shape: object) -> None:
        """Create the table, [sum of the numbers of indices, width]."""
        self.table = self.add_weight(
            name="table",
            shape=(self._rows, self._settings.embedding_width),
            initializer="uniform",
            regularizer=tf.keras.regularizers.L2(self._settings.embedding_l2),
        )
        super().build(input_shape)

    def call(self, indices: Sequence[tf.Tensor]) -> tf.Tensor:
        """Look the indices up; gives [batch, inputs * width]."""
        rows = tf.stack(indices, axis=1) + tf.constant(self._offsets, tf.int64)
        width = len(self._offsets) * self._settings.embedding_width
        return tf.reshape(tf.gather(self.table, rows), [-1, width])


def build_model(inputs: Sequence[ModelInput], settings: TrainerSettings) -> tf.keras.Model:
    """Build an untrained binary classifier of at least one input.

    Returns:
        A functional model from features by name, each [batch], to the probability of the label
        being 1, [batch, 1].
    """
    if not inputs:
        raise ValueError("a model needs at least one input; the feature table gives none")
    layers = {
        source.name: tf.keras.Input(shape=(), name=source.name, dtype=source.dtype)
        for source in inputs
    }
    floats = [layers[source.name] for source in inputs if source.index_count is None]
    indices = [layers[source.name] for source in inputs if source.index_count is not None]
    counts = [source.index_count for source in inputs if source.index_count is not None]
    parts = [Stack(name="floats")(floats)] if floats else []
    if indices:
        parts.append(Embeddings(counts, settings, name="embeddings")(indices))
    hidden = tf.keras.layers.Concatenate(name="features")(parts) if len(parts) > 1 else parts[0]
    for number, width in enumerate(settings.hidden_units, start=1):
        hidden = tf.keras.layers.Dense(
            width,
            activation="relu",
            kernel_regularizer=tf.keras.regularizers.L2(settings.hidden_l2),
            name=f"hidden_{number}",
        )(hidden)
        hidden = tf.keras.layers.Dropout(settings.dropout, name=f"dropout_{number}")(hidden)
    probability = tf.keras.layers.Dense(1, activation="sigmoid", name="probability")(hidden)
    return Classifier(inputs=layers, outputs=probability, name="classifier")
