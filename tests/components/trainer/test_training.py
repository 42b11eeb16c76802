"""Training on a handful of rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.examples.parquet_examples import ParquetWriter
from components.trainer.dataset import read_examples
from components.trainer.model import ModelInput
from components.trainer.settings import TrainerSettings
from components.trainer.training import TrainingData, create_strategy, train_model

INPUTS = [ModelInput("size", None), ModelInput("colour", 3)]
SETTINGS = TrainerSettings(
    hidden_units=(8,), dropout=0.1, batch_size=16, max_epochs=12, learning_rate=0.05
)


def _write_rows(path: Path, rows: int, seed: int) -> str:
    """Write rows whose label is 1 where the colour is 2."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 3, rows)
    batch = pa.RecordBatch.from_pydict(
        {
            "size": generator.normal(size=rows).astype(np.float32),
            "colour": colours,
            "label": (colours == 2).astype(np.int64),
        }
    )
    writer = ParquetWriter(str(path), batch.schema)
    writer.write(batch)
    writer.close()
    return str(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    """96 rows to train on and 32 to stop by."""
    directory = tmp_path_factory.mktemp("examples")
    return TrainingData(
        train_files=[_write_rows(directory / "train.parquet", 96, seed=1)],
        validation_files=[_write_rows(directory / "validation.parquet", 32, seed=2)],
        label_name="label",
    )


def _predict(model: tf.keras.Model) -> list[float]:
    rows = {"size": tf.zeros([3]), "colour": tf.constant([0, 1, 2], tf.int64)}
    return [float(value) for value in model(rows)[:, 0]]


def test_learns_what_is_there_to_learn(data: TrainingData, tmp_path: Path) -> None:
    """A handful of rows is enough to tell the one colour from the others."""
    probabilities = _predict(train_model(INPUTS, data, SETTINGS, tmp_path))

    assert probabilities[2] > 0.8
    assert max(probabilities[:2]) < 0.2


def test_gives_the_same_model_for_the_same_seed(data: TrainingData, tmp_path: Path) -> None:
    """Two trainings of one seed agree to the last bit, and another seed differs."""
    short = SETTINGS.model_copy(update={"max_epochs": 2})
    first = _predict(train_model(INPUTS, data, short, tmp_path / "1"))
    second = _predict(train_model(INPUTS, data, short, tmp_path / "2"))
    other = short.model_copy(update={"seed": 5})

    assert first == second
    assert first != _predict(train_model(INPUTS, data, other, tmp_path / "3"))


def test_stops_early_and_keeps_the_best_weights(data: TrainingData, tmp_path: Path) -> None:
    """Training ends when the validation log loss has not fallen for the configured epochs."""
    hasty = SETTINGS.model_copy(update={"learning_rate": 3.0, "patience_epochs": 2})
    hasty = hasty.model_copy(update={"max_epochs": 40, "plateau_factor": 0.99})
    model = train_model(INPUTS, data, hasty, tmp_path)
    with (tmp_path / "history.csv").open() as file:
        losses = [float(row["val_log_loss"]) for row in csv.DictReader(file)]

    columns = {source.name: source.dtype for source in INPUTS}
    validation = read_examples(data.validation_files, columns, "label", 32)
    kept = model.evaluate(validation, return_dict=True, verbose=0)["log_loss"]

    assert len(losses) < 40
    assert kept == pytest.approx(min(losses), rel=1e-4)


def test_writes_what_tensorboard_reads(data: TrainingData, tmp_path: Path) -> None:
    """The log folder holds event files for training and validation."""
    train_model(INPUTS, data, SETTINGS.model_copy(update={"max_epochs": 1}), tmp_path)

    assert {path.parent.name for path in tmp_path.rglob("events.out.tfevents.*")} == {
        "train",
        "validation",
    }


def test_trains_under_the_strategy_that_is_configured(data: TrainingData, tmp_path: Path) -> None:
    """``mirrored`` trains on every device of the machine, ``default`` on one."""
    mirrored = SETTINGS.model_copy(update={"distribution_strategy": "mirrored", "max_epochs": 1})

    assert isinstance(create_strategy(mirrored), tf.distribute.MirroredStrategy)
    assert not isinstance(create_strategy(SETTINGS), tf.distribute.MirroredStrategy)
    assert len(_predict(train_model(INPUTS, data, mirrored, tmp_path))) == 3


def test_takes_the_steps_that_were_planned(data: TrainingData, tmp_path: Path) -> None:
    """Two passes over 96 rows in batches of 16 are twelve gradient steps."""
    model = train_model(INPUTS, data, SETTINGS.model_copy(update={"max_epochs": 2}), tmp_path)

    assert int(model.optimizer.iterations) == 12


def test_notes_its_speed(data: TrainingData, tmp_path: Path) -> None:
    """The history has the rows per second of each epoch."""
    train_model(INPUTS, data, SETTINGS.model_copy(update={"max_epochs": 2}), tmp_path)

    with (tmp_path / "history.csv").open() as file:
        speeds = [float(row["rows_per_second"]) for row in csv.DictReader(file)]
    assert len(speeds) == 2
    assert min(speeds) > 0


def test_validates_several_times_per_pass(data: TrainingData, tmp_path: Path) -> None:
    """A pass over more rows than an epoch may have is several epochs."""
    settings = SETTINGS.model_copy(update={"rows_budget": 96, "epoch_rows": 40})

    train_model(INPUTS, data, settings, tmp_path)

    assert len((tmp_path / "history.csv").read_text().splitlines()) == 1 + 3
