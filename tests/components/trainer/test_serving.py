"""The exported model: its signatures agree and never need the label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.trainer.model import build_model
from components.trainer.run_fn import export_model, list_model_inputs
from components.trainer.settings import TrainerSettings
from tests.tiny_task import TABLE, TENSOR_TYPES, Row, create_row, serialize

ROWS: list[Row] = [
    create_row(),
    create_row(price=0.0, hour=23),
    create_row(city=b"never seen"),
    create_row(price=4.0, tip=3.0, city=b"Oslo"),
    {"hour": 3},
    {"price": 1.0, "city": b"Oslo"},
]


@pytest.fixture(scope="module")
def exported(
    transform_output: tft.TFTransformOutput, tmp_path_factory: pytest.TempPathFactory
) -> tf.types.experimental.GenericFunction:
    """A model with random weights, exported and loaded again by plain TensorFlow."""
    directory = tmp_path_factory.mktemp("model")
    tf.keras.utils.set_random_seed(1)
    model = build_model(list_model_inputs(TABLE, transform_output), TrainerSettings())
    export_model(model, transform_output, TABLE, directory / "saved")
    return tf.saved_model.load(str(directory / "saved"))


def _serve_examples(exported: tf.Module, rows: Sequence[Row]) -> list[float]:
    serialized = tf.constant([serialize(row) for row in rows])
    answer = exported.signatures["serving_default"](examples=serialized)
    return [float(value) for value in answer["probability"]]


def _serve_columns(exported: tf.Module, rows: Sequence[Row]) -> list[float]:
    columns = {
        feature.name: tf.constant(
            [row.get(feature.name, feature.missing_value) for row in rows],
            TENSOR_TYPES[feature.dtype],
        )
        for feature in TABLE.inputs
    }
    return [float(value) for value in exported.signatures["serving_raw"](**columns)["probability"]]


def test_serialized_and_raw_rows_get_the_same_answer(exported: tf.Module) -> None:
    """Missing and unseen values included, both ways in lead to one answer."""
    assert _serve_examples(exported, ROWS) == pytest.approx(_serve_columns(exported, ROWS))


def test_gives_one_named_probability_a_row(exported: tf.Module) -> None:
    """The answer is named, has shape [batch], and lies between 0 and 1."""
    signature = exported.signatures["serving_default"]
    answers = _serve_examples(exported, ROWS)

    assert set(signature.structured_outputs) == {"probability"}
    assert signature.structured_outputs["probability"].shape.rank == 1
    assert len(answers) == len(ROWS)
    assert all(0 < answer < 1 for answer in answers)


def test_answers_the_same_alone_and_in_a_batch(exported: tf.Module) -> None:
    """A row's answer does not hang on the rows that it is served with."""
    rows = [create_row(price=price / 4) for price in range(1, 40)]

    alone = [_serve_examples(exported, [row])[0] for row in rows]

    assert alone == pytest.approx(_serve_examples(exported, rows), abs=1e-6)


def test_takes_an_empty_batch(exported: tf.Module) -> None:
    """No rows in, no answers out."""
    assert _serve_columns(exported, []) == []


def test_never_needs_the_label(exported: tf.Module) -> None:
    """Rows with and without the tip get the same answer, and no signature takes it raw."""
    with_tip = [create_row(tip=9.0)]
    without_tip = [{name: value for name, value in with_tip[0].items() if name != "tip"}]

    assert _serve_examples(exported, with_tip) == _serve_examples(exported, without_tip)
    assert "tip" not in exported.signatures["serving_raw"].structured_input_signature[1]


def test_gives_the_evaluator_features_and_label(exported: tf.Module) -> None:
    """``transform_features`` gives the label of each row."""
    rows = [create_row(price=10.0, tip=2.0), create_row(price=10.0, tip=2.01)]
    serialized = tf.constant([serialize(row) for row in rows])

    features = exported.signatures["transform_features"](examples=serialized)

    assert features[TABLE.label.name].numpy().tolist() == [0, 1]


def test_exports_what_the_evaluator_and_a_server_can_find(exported: tf.Module) -> None:
    """The signatures have the names that the contract gives them."""
    assert set(exported.signatures) == {"serving_default", "serving_raw", "transform_features"}


def test_carries_its_vocabularies(exported: tf.Module, tmp_path: Path) -> None:
    """A model that was moved to another folder still knows its categories."""
    tf.saved_model.save(exported, str(tmp_path / "moved"), signatures=exported.signatures)
    moved = tf.saved_model.load(str(tmp_path / "moved"))

    assert _serve_examples(moved, ROWS) == pytest.approx(_serve_examples(exported, ROWS))
