"""Train the model: seed, schedule, callbacks and distribution strategy."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from components.trainer.dataset import read_examples
from components.trainer.history import HISTORY_FILE
from components.trainer.model import ModelInput, build_model
from components.trainer.settings import TrainerSettings

_VALIDATION_BATCH_ROWS = 4096
_STOP_BY = "val_log_loss"
_LEAST_LEARNING_RATE = 1e-5


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Transformed examples to train on.

    Attributes:
        train_files: Gzipped TFRecord files of the training split.
        validation_files: The same of the validation split, for early stopping.
        feature_spec: How to parse them, the label among them.
        label_name: Feature that is the label.
    """

    train_files: Sequence[str]
    validation_files: Sequence[str]
    feature_spec: Mapping[str, tf.io.FixedLenFeature]
    label_name: str


def train_model(
    inputs: Sequence[ModelInput],
    data: TrainingData,
    settings: TrainerSettings,
    log_directory: Path,
) -> tf.keras.Model:
    """Build and train a model until the validation log loss stops falling.

    Args:
        inputs: The model's inputs.
        data: Rows to train on and to stop by.
        settings: Model and training.
        log_directory: Gets TensorBoard's event files, and ``history.csv`` with a line an epoch.

    Returns:
        The model with its best weights.
    """
    tf.keras.utils.set_random_seed(settings.seed)
    with create_strategy(settings).scope():
        model = build_model(inputs, settings)
        model.compile(
            optimizer=tf.keras.optimizers.Adam(settings.learning_rate),
            loss="binary_crossentropy",
            # The loss has the L2 penalties in it; stopping goes by what the gates judge.
            metrics=[
                tf.keras.metrics.BinaryCrossentropy(name="log_loss"),
                tf.keras.metrics.AUC(name="auc"),
            ],
        )
    log_directory.mkdir(parents=True, exist_ok=True)
    model.fit(
        read_examples(
            data.train_files,
            data.feature_spec,
            data.label_name,
            settings.batch_size,
            shuffle_seed=settings.seed,
        ),
        validation_data=read_examples(
            data.validation_files, data.feature_spec, data.label_name, _VALIDATION_BATCH_ROWS
        ),
        epochs=settings.max_epochs,
        callbacks=create_callbacks(settings, log_directory),
        verbose=2,
    )
    return model


def create_strategy(settings: TrainerSettings) -> tf.distribute.Strategy:
    """Create the ``tf.distribute`` strategy that the settings name."""
    if settings.distribution_strategy == "mirrored":
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def create_callbacks(
    settings: TrainerSettings, log_directory: Path
) -> list[tf.keras.callbacks.Callback]:
    """Create early stopping, the learning-rate schedule, TensorBoard and the history file.

    Args:
        settings: Patience and schedule.
        log_directory: Folder of the last two.

    Returns:
        The callbacks.
    """
    return [
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
            min_lr=_LEAST_LEARNING_RATE,
        ),
        tf.keras.callbacks.TensorBoard(log_dir=str(log_directory), write_graph=False),
        tf.keras.callbacks.CSVLogger(str(log_directory / HISTORY_FILE)),
    ]
