"""Train the model: seed, plan, callbacks and distribution strategy."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.examples.parquet_examples import count_rows
from components.trainer.dataset import read_examples
from components.trainer.history import HISTORY_FILE, ROWS_PER_SECOND
from components.trainer.model import ModelInput, build_model
from components.trainer.settings import TrainerSettings
from components.trainer.training_plan import TrainingPlan, plan_training

_VALIDATION_BATCH_ROWS = 4096
_STOP_BY = "val_log_loss"
_MIN_LEARNING_RATE = 1e-5
_STEPS_PER_EXECUTION = 50


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Parquet files of transformed examples; the validation's decide when to stop."""

    train_files: Sequence[str]
    validation_files: Sequence[str]
    label_name: str


def train_model(
    inputs: Sequence[ModelInput],
    data: TrainingData,
    settings: TrainerSettings,
    log_directory: Path,
) -> tf.keras.Model:
    """Train a model until the validation log loss stops falling; gives its best weights.

    Args:
        log_directory: Gets TensorBoard's event files, and ``history.csv``, one line per epoch.
    """
    tf.keras.utils.set_random_seed(settings.seed)
    plan = plan_training(count_rows(data.train_files), settings)
    with create_strategy(settings).scope():
        model = build_model(inputs, settings)
        model.compile(
            optimizer=tf.keras.optimizers.Adam(settings.learning_rate),
            loss="binary_crossentropy",
            # The loss includes the L2 penalties; stopping goes by what the gates judge.
            metrics=[
                tf.keras.metrics.BinaryCrossentropy(name="log_loss"),
                tf.keras.metrics.AUC(name="auc"),
            ],
            # Between two executions Keras is in Python, which takes longer than a step.
            steps_per_execution=min(_STEPS_PER_EXECUTION, plan.steps_per_epoch),
        )
        # A step that creates variables is traced twice.
        model.optimizer.build(model.trainable_variables)
    log_directory.mkdir(parents=True, exist_ok=True)
    columns = {source.name: source.dtype for source in inputs}
    # Metrics are looked at outside of the model's own functions too, by way of AutoGraph.
    fit = tf.autograph.experimental.do_not_convert(model.fit)
    fit(
        read_examples(
            data.train_files, columns, data.label_name, settings.batch_size, settings.seed
        ),
        steps_per_epoch=plan.steps_per_epoch,
        validation_data=read_examples(
            data.validation_files, columns, data.label_name, _VALIDATION_BATCH_ROWS
        ),
        epochs=plan.epochs,
        callbacks=create_callbacks(settings, plan, log_directory),
        verbose=2,
    )
    return model


class Clock(tf.keras.callbacks.Callback):
    """Adds ``rows_per_second`` to what later callbacks see of an epoch, validation left out."""

    def __init__(self, rows_per_epoch: int) -> None:
        """Start at zero; each epoch trains on as many rows."""
        super().__init__()
        self._rows = rows_per_epoch
        self._started = 0.0
        self._seconds = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Stop it: the steps are done, the validation begins."""
        self._seconds = time.perf_counter() - self._started

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the speed."""
        if logs is not None:
            logs[ROWS_PER_SECOND] = self._rows / self._seconds


def create_strategy(settings: TrainerSettings) -> tf.distribute.Strategy:
    """Create the ``tf.distribute`` strategy that the settings name."""
    if settings.distribution_strategy == "mirrored":
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def create_callbacks(
    settings: TrainerSettings, plan: TrainingPlan, log_directory: Path
) -> list[tf.keras.callbacks.Callback]:
    """Create the clock, early stopping, the learning rate's, TensorBoard and the history file."""
    return [
        Clock(plan.rows_per_epoch),
        tf.keras.callbacks.EarlyStopping(
            monitor=_STOP_BY,
            mode="min",
            patience=settings.patience_epochs,
            restore_best_weights=True,
        ),
        tf.keras.callbacks.ReduceLROnPlateau(
            monitor=_STOP_BY,
            mode="min",
            factor=settings.plateau_factor,
            patience=settings.plateau_epochs,
            min_lr=_MIN_LEARNING_RATE,
        ),
        tf.keras.callbacks.TensorBoard(log_dir=str(log_directory), write_graph=False),
        tf.keras.callbacks.CSVLogger(str(log_directory / HISTORY_FILE)),
    ]
