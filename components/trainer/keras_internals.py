"""The training loop, by the functions that Keras's ``fit`` and ``evaluate`` call.

Checked with tf_keras 2.16.0. Where tf_keras has moved, look for what ``Model.make_train_function``
and ``make_test_function`` read and return, and see to it that tests/components/trainer pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import tensorflow as tf

CHECKED_VERSION = "2.16.0"

Metrics = dict[str, tf.Tensor]
Batches = Iterator[tuple[dict[str, tf.Tensor], tf.Tensor]]
Execution = Callable[[Batches], Metrics]
"""Takes as many steps as the model was compiled with; gives the metrics since the last reset."""


class Classifier(tf.keras.Model):
    """A functional model whose executions take several steps and compute the metrics once.

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
        def execute(iterator: Batches) -> Metrics:
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
