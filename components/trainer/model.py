"""The tf.keras model: embeddings of the indices and the scaled numbers, into dense layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from components.trainer.settings import TrainerSettings


@dataclasses.dataclass(frozen=True)
class ModelInput:
    """One transformed feature that the model takes, shape [batch].

    Attributes:
        name: Its name.
        index_count: Number of indices; None for a float.
    """

    name: str
    index_count: int | None


class Classifier(tf.keras.Model):
    """A functional model whose steps AutoGraph leaves alone.

    AutoGraph does not know ``tf_keras`` as a library: it would rewrite all of Keras that a step
    calls, which takes half a minute and changes nothing.
    """

    @tf.autograph.experimental.do_not_convert
    def train_step(self, data: tuple[dict[str, tf.Tensor], tf.Tensor]) -> dict[str, tf.Tensor]:
        """Take one gradient step."""
        return super().train_step(data)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, data: tuple[dict[str, tf.Tensor], tf.Tensor]) -> dict[str, tf.Tensor]:
        """Measure one batch."""
        return super().test_step(data)


def build_model(inputs: Sequence[ModelInput], settings: TrainerSettings) -> tf.keras.Model:
    """Build an untrained binary classifier.

    Args:
        inputs: What it takes; at least one.
        settings: Widths, penalties and dropout.

    Returns:
        A functional model from features by name, each [batch], to the probability of the label
        being 1, [batch, 1].

    Raises:
        ValueError: If there are no inputs.
    """
    if not inputs:
        raise ValueError("a model needs at least one input; the feature table gives none")
    layers = {
        source.name: tf.keras.Input(
            shape=(), name=source.name, dtype=tf.float32 if source.index_count is None else tf.int64
        )
        for source in inputs
    }
    parts = [_encode(layers[source.name], source, settings) for source in inputs]
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


def _encode(layer: tf.Tensor, source: ModelInput, settings: TrainerSettings) -> tf.Tensor:
    """Turn an input of shape [batch] into a float column or an embedding, [batch, width]."""
    if source.index_count is None:
        return tf.keras.layers.Reshape((1,), name=f"{source.name}_column")(layer)
    return tf.keras.layers.Embedding(
        source.index_count,
        settings.embedding_width,
        embeddings_regularizer=tf.keras.regularizers.L2(settings.embedding_l2),
        name=f"{source.name}_embedding",
    )(layer)
