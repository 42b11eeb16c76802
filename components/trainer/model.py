"""The tf.keras model: embeddings of the indices and the scaled numbers, into dense layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from components.trainer.settings import TrainerSettings

Metrics = dict[str, tf.Tensor]
Execution = Callable[[Iterator[tuple[dict[str, tf.Tensor], tf.Tensor]]], Metrics]
"""Takes as many steps as the model was compiled with; gives the metrics since the last reset."""


@dataclasses.dataclass(frozen=True)
class ModelInput:
    """One transformed feature that the model takes, shape [batch].

    Attributes:
        index_count: Number of indices; None for a float.
    """

    name: str
    index_count: int | None

    @property
    def dtype(self) -> tf.DType:
        """Type of its values."""
        return tf.float32 if self.index_count is None else tf.int64


class Classifier(tf.keras.Model):
    """A functional model with executions of its own: several steps, and one look at the metrics.

    Keras's own go through AutoGraph, which does not know ``tf_keras`` as a library: it rewrites all
    of it that a step calls, and traces the loop over steps three times, which takes longer than
    training. They also compute every metric's result after every step.
    """

    train_function: Execution | None
    test_function: Execution | None

    def make_train_function(self, force: bool = False) -> Execution:
        """Create what ``fit`` calls: gradient steps on the iterator's next batches."""
        if self.train_function is None or force:
            self.train_function = self._create_execution(self._take_step, self._train_counter)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Execution:
        """Create what ``evaluate`` calls: measurements of the iterator's next batches."""
        if self.test_function is None or force:
            self.test_function = self._create_execution(self._measure, self._test_counter)
        return self.test_function

    def _create_execution(
        self, step: Callable[[dict[str, tf.Tensor], tf.Tensor], None], counter: tf.Variable
    ) -> Execution:
        def execute(iterator: Iterator[tuple[dict[str, tf.Tensor], tf.Tensor]]) -> Metrics:
            def run_step(number: tf.Tensor) -> tf.Tensor:
                self.distribute_strategy.run(step, args=next(iterator))
                counter.assign_add(1)
                return number + 1

            tf.while_loop(
                lambda number: number < self._steps_per_execution,
                run_step,
                [tf.zeros([], self._steps_per_execution.dtype)],
                parallel_iterations=1,
            )
            results: Metrics = self.get_metrics_result()
            return results

        return tf.function(execute, autograph=False, reduce_retracing=True)

    def _take_step(self, features: dict[str, tf.Tensor], label: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            probability = self(features, training=True)
            loss = self.compute_loss(features, label, probability)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        self.compiled_metrics.update_state(label, probability)

    def _measure(self, features: dict[str, tf.Tensor], label: tf.Tensor) -> None:
        probability = self(features, training=False)
        self.compute_loss(features, label, probability)
        self.compiled_metrics.update_state(label, probability)


class Stack(tf.keras.layers.Layer):
    """Puts columns of shape [batch] side by side: [batch, columns]."""

    def call(self, columns: Sequence[tf.Tensor]) -> tf.Tensor:
        """Stack the columns."""
        return tf.stack(columns, axis=1)


class Embeddings(tf.keras.layers.Layer):
    """Embeds several indices, [batch] each, from one table: one variable and one look-up a step.

    A table for each index would come to the same, at twice the time a step: what a gradient step
    costs here is less the numbers than the number of operations.
    """

    def __init__(self, index_counts: Sequence[int], settings: TrainerSettings, name: str) -> None:
        """Lay out the table.

        Args:
            index_counts: Number of indices of each input.
            settings: Width and penalty.
        """
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
        """Look up; gives [batch, inputs * width]."""
        rows = tf.stack(indices, axis=1) + tf.constant(self._offsets, tf.int64)
        width = len(self._offsets) * self._settings.embedding_width
        return tf.reshape(tf.gather(self.table, rows), [-1, width])


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
