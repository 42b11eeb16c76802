"""Preprocessing on tiny batches in memory, by real TensorFlow Transform."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.transform.preprocessing import compute_label, preprocessing_fn
from components.transform.transformed_features import list_transformed_features
from schemas.feature_table import ColumnLabel, Vocabulary, load_feature_table
from tests.tiny_task import TABLE, Row, create_columns, create_row


def _apply(transform_output: tft.TFTransformOutput, rows: Sequence[Row]) -> dict[str, list[float]]:
    outputs = transform_output.transform_features_layer()(create_columns(rows))
    return {name: tensor.numpy().tolist() for name, tensor in outputs.items()}


def test_writes_every_listed_feature_and_the_label(
    transform_output: tft.TFTransformOutput,
) -> None:
    """The transformed features are those that are listed for the trainer, and the label."""
    listed = {feature.name for feature in list_transformed_features(TABLE)}

    assert set(transform_output.transformed_feature_spec()) == listed | {"generous"}


def test_scales_by_the_analyzed_rows(transform_output: tft.TFTransformOutput) -> None:
    """A scaled amount is its logarithm's distance from the analyzed mean, in deviations."""
    prices = [math.log1p(price) for price in (1.0, 2.0, 3.0, 4.0, 5.25)]
    mean = sum(prices) / 5
    deviation = math.sqrt(sum((price - mean) ** 2 for price in prices) / 5)

    scaled = _apply(transform_output, [create_row(price=6.0)])["price_scaled"]

    assert scaled == pytest.approx([(math.log1p(6.0) - mean) / deviation], rel=1e-5)


def test_gives_a_missing_number_the_mean_and_a_bucket_of_its_own(
    transform_output: tft.TFTransformOutput,
) -> None:
    """A missing number scales to 0 and gets the bucket after the last."""
    outputs = _apply(
        transform_output, [create_row(price=1.0), {"city": b"Rome", "hour": 1, "tip": 0.0}]
    )

    assert outputs["price_scaled"][1] == 0.0
    assert outputs["price_bucket"] == [0, 2]
    assert outputs["price_step"] == [0, 4]
    assert outputs["price_step_fraction"] == pytest.approx([0.2, 0.0])


def test_keeps_a_zero_apart_from_a_missing_number(
    transform_output: tft.TFTransformOutput,
) -> None:
    """A price of 0 is a price: it is on the first step and does not get the mean."""
    outputs = _apply(transform_output, [create_row(price=0.0)])

    assert outputs["price_step"] == [0]
    assert outputs["price_scaled"][0] < 0


def test_sends_unseen_and_rare_categories_to_the_last_index(
    transform_output: tft.TFTransformOutput,
) -> None:
    """Frequent categories have their rank; unseen, rare and missing ones share the last index."""
    rows = [
        create_row(city=b"Oslo"),
        create_row(city=b"Rome"),
        create_row(city=b"Bonn"),
        create_row(city=b"Lima"),
    ]

    indices = _apply(transform_output, [*rows, {"price": 1.0, "hour": 1}])["city_index"]

    assert indices == [0, 1, 2, 2, 2]


def test_gives_integers_outside_their_range_the_last_index(
    transform_output: tft.TFTransformOutput,
) -> None:
    """An hour is its own index; 24, -1 and a missing hour are all index 24."""
    rows = [
        create_row(hour=0),
        create_row(hour=23),
        create_row(hour=24),
        create_row(hour=-1),
        {"price": 1.0},
    ]

    assert _apply(transform_output, rows)["hour_index"] == [0, 23, 24, 24, 24]


def test_cuts_amounts_into_steps_of_whole_cents(transform_output: tft.TFTransformOutput) -> None:
    """5.00 is on step 1 and 4.99 on step 0; steps past the last are the last."""
    rows = [create_row(price=price) for price in (4.99, 5.0, 12.5, 99.0, -1.0)]

    outputs = _apply(transform_output, rows)

    assert outputs["price_step"] == [0, 1, 2, 3, 0]
    assert outputs["price_step_fraction"] == pytest.approx([0.998, 0.0, 0.5, 0.8, 0.8])


def test_serves_without_the_label_columns(transform_output: tft.TFTransformOutput) -> None:
    """Without the tip the features are the same, and there is no label."""
    row = create_row(price=3.0)
    with_label = _apply(transform_output, [row])
    without_label = _apply(transform_output, [{k: v for k, v in row.items() if k != "tip"}])

    assert with_label.pop("generous") == [0]
    assert without_label == with_label


@pytest.mark.parametrize(
    ("tip", "price", "label"),
    [
        (1.61, 8.05, 0),  # exactly 20 %, which 32-bit floats get wrong
        (1.62, 8.05, 1),
        (0.0, 0.0, 0),
        (0.01, 0.0, 1),
        (2.0, 10.0, 0),
        (2.01, 10.0, 1),
    ],
)
def test_compares_tip_and_price_in_whole_cents(tip: float, price: float, label: int) -> None:
    """The label is 1 where the tip is more than 20 % of the price, to the cent."""
    inputs = {"tip": tf.constant([tip], tf.float32), "price": tf.constant([price], tf.float32)}

    assert compute_label(inputs, TABLE.label).numpy().tolist() == [label]


def test_takes_a_label_column_as_it_stands() -> None:
    """A label column of 0 and 1 is the label."""
    inputs = {"clicked": tf.constant([0, 1, 1], tf.int64)}

    assert compute_label(inputs, ColumnLabel("label", "clicked")).numpy().tolist() == [0, 1, 1]


def test_reads_the_table_that_the_custom_config_names() -> None:
    """An unknown task is refused by name."""
    with pytest.raises(ValueError, match="no_such_task"):
        preprocessing_fn({}, {"task": "no_such_task"})


def test_lists_floats_and_indices_of_the_taxi_table() -> None:
    """Every index of the taxi table has a size, or a vocabulary that gives it one."""
    table = load_feature_table("chicago_taxi")
    for feature in list_transformed_features(table):
        is_sized = feature.index_count is not None
        is_vocabulary = isinstance(feature.transformation, Vocabulary)
        assert is_sized == (feature.is_index and not is_vocabulary)
