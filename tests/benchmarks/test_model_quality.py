"""The comparison is fair: the same rows, missing values as such, scores as computed by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf
from click.testing import CliRunner
from rich.console import Console

from benchmarks.model_quality import (
    ALWAYS_NO,
    BOOSTING,
    KERAS,
    Measurement,
    Scores,
    average_seeds,
    compute_scores,
    create_boosting,
    create_column,
    create_feature_matrix,
    create_table,
    main,
    predict_always_no,
    read_rows,
)
from components.examples.parquet_examples import ParquetWriter
from components.metrics.binary_metrics import summarize_rows
from pipelines.records.exit_code import ExitCode
from schemas.feature_table import DType, Role, list_tasks, load_feature_table
from tests.tiny_task import TABLE, Row, create_row

COLUMNS = pd.DataFrame(
    {
        "price": [5.0, np.nan, 7.5],
        "city": ["Oslo", "Rome", np.nan],
        "hour": [np.nan, 3.0, 23.0],
        "tip": [0.0, 2.0, np.nan],
    }
)


def measure(model: str, seed: int | None, auc: float) -> Measurement:
    """Make a measurement up."""
    return Measurement(model, seed, Scores(auc, 0.2, 0.9), 70, 30, 2 * auc)


def write_split(directory: Path, split: str, rows: Sequence[Row]) -> None:
    """Write a split's examples as CsvExampleGen does."""
    types = {DType.FLOAT: pa.float32(), DType.INT: pa.int64(), DType.BYTES: pa.binary()}
    schema = pa.schema([(feature.name, types[feature.dtype]) for feature in TABLE.features])
    folder = directory / f"Split-{split}"
    folder.mkdir()
    writer = ParquetWriter(str(folder / "data.parquet"), schema)
    writer.write(pa.RecordBatch.from_pylist(list(rows), schema))
    writer.close()


def test_a_column_has_values_where_they_were_and_nan_elsewhere() -> None:
    """Values go to their own rows; a missing number is not 0, a missing text not empty."""
    numbers = create_column(np.array([8, 0]), np.array([2, 0]), 4, DType.INT)
    texts = create_column(
        np.array(["Zoë's Cab".encode(), b""], object), np.array([1, 2]), 3, DType.BYTES
    )

    assert numbers.isna().tolist() == [False, True, False, True]
    assert numbers.dropna().tolist() == [0.0, 8.0]
    assert texts.isna().tolist() == [True, False, False]
    assert texts.dropna().tolist() == ["Zoë's Cab", ""]


@pytest.mark.parametrize("dtype", DType)
def test_a_column_may_be_all_missing(dtype: DType) -> None:
    """No values at all give a column of missing ones."""
    column = create_column(np.array([]), np.array([], np.int64), 2, dtype)

    assert column.isna().tolist() == [True, True]


def test_the_matrix_keeps_missing_values_missing() -> None:
    """What is missing in a raw column is missing in the matrix, and nothing else is."""
    matrix = create_feature_matrix(COLUMNS, TABLE)

    assert matrix.isna().to_numpy().tolist() == [
        [False, False, True],
        [True, False, False],
        [False, True, False],
    ]


def test_the_matrix_has_categories_as_such_and_numbers_as_numbers() -> None:
    """Text and what has a vocabulary are categories, whatever is stored; the rest is float64."""
    matrix = create_feature_matrix(COLUMNS, TABLE)
    taxi = load_feature_table("chicago_taxi")
    no_trips = pd.DataFrame({name: pd.Series([], dtype=object) for name in taxi.names})
    taxi_types = create_feature_matrix(no_trips, taxi).dtypes

    assert matrix.dtypes.astype(str).to_dict() == {
        "price": "float64",
        "city": "category",
        "hour": "float64",
    }
    assert {str(taxi_types[name]) for name in ("company", "dropoff_community_area")} == {"category"}
    assert {str(taxi_types[name]) for name in ("fare", "trip_start_hour")} == {"float64"}


@pytest.mark.parametrize("task", list_tasks())
def test_the_matrix_holds_every_input_and_nothing_that_leaks(task: str) -> None:
    """Each task's matrix has the columns that the Keras model is fed, and no label source."""
    table = load_feature_table(task)
    no_rows = pd.DataFrame({name: pd.Series([], dtype=object) for name in table.names})

    names = list(create_feature_matrix(no_rows, table))

    assert names == [feature.name for feature in table.inputs]
    assert all(table.feature(name).role is Role.INPUT for name in names)


def test_the_boosting_never_sees_a_label_source() -> None:
    """A column that tells the label all but is the label does not help: it is not looked at."""
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 2, 400)
    columns = pd.DataFrame(
        {
            "price": generator.normal(size=400),
            "city": generator.choice(["Oslo", "Rome"], 400),
            "hour": generator.integers(0, 24, 400),
            "tip": 10.0 * labels,
        }
    )
    train, test = columns[:300], columns[300:]

    model = create_boosting(seed=1).fit(create_feature_matrix(train, TABLE), labels[:300])
    matrix = create_feature_matrix(test, TABLE)
    probabilities = model.predict_proba(matrix)[:, 1]

    assert set(model.feature_names_in_) == {"price", "city", "hour"}
    assert compute_scores(labels[300:], probabilities).auc < 0.65


def test_the_boosting_takes_missing_and_unseen_categories() -> None:
    """A category of the test rows alone is scored as a missing one, not refused."""
    matrix = create_feature_matrix(pd.concat([COLUMNS] * 20, ignore_index=True), TABLE)
    labels = np.tile([0, 1, 1], 20)
    model = create_boosting(seed=1).fit(matrix, labels)

    unseen = create_feature_matrix(COLUMNS.assign(city=["Bonn", "Rome", "Oslo"]), TABLE)
    missing = create_feature_matrix(COLUMNS.assign(city=[np.nan, "Rome", "Oslo"]), TABLE)

    assert model.is_categorical_.tolist().count(True) == 1
    assert model.predict_proba(unseen).tolist() == model.predict_proba(missing).tolist()


def test_scores_are_those_computed_by_hand() -> None:
    """Of six pairs four are in order and one is tied; 0.5 is not above the threshold."""
    scores = compute_scores(np.array([0, 1, 0, 1, 0]), np.array([0.2, 0.9, 0.5, 0.5, 0.6]))

    assert scores.auc == pytest.approx(4.5 / 6)
    assert scores.log_loss == pytest.approx(
        -(math.log(0.8) + math.log(0.9) + 2 * math.log(0.5) + math.log(0.4)) / 5
    )
    assert scores.accuracy == pytest.approx(3 / 5)


def test_scores_are_those_of_the_evaluator() -> None:
    """Both count alike, also where a probability is 0 or 1 and wrong."""
    labels = np.array([0, 1, 0, 1, 1, 0])
    probabilities = np.array([0.0, 1.0, 1.0, 0.0, 0.7, 0.3])
    expected = summarize_rows(labels, probabilities).compute_metrics()

    scores = compute_scores(labels, probabilities)

    assert scores.auc == pytest.approx(expected["auc"])
    assert scores.log_loss == pytest.approx(expected["log_loss"])
    assert scores.accuracy == pytest.approx(expected["binary_accuracy"])


@pytest.mark.parametrize("label", [0, 1])
def test_scores_need_both_labels(label: int) -> None:
    """Rows of one label have no AUC, and the error says what was found."""
    with pytest.raises(ValueError, match=rf"label 1; the labels are \[{label}\]"):
        compute_scores(np.array([label, label]), np.array([0.1, 0.9]))


def test_scores_refuse_what_is_no_probability() -> None:
    """A broken model must not look like a fair one."""
    with pytest.raises(ValueError, match="NaN"):
        compute_scores(np.array([0, 1]), np.array([0.1, np.nan]))


@pytest.mark.parametrize(("labels", "expected"), [([0, 0, 1, 0], 0.25), ([1, 1, 1, 0], 0.5)])
def test_always_no_never_says_yes(labels: list[int], expected: float) -> None:
    """The baseline is the learning rows' share of label 1, at most the threshold."""
    probabilities = predict_always_no(np.array(labels), 3)

    assert probabilities.tolist() == [expected] * 3
    assert compute_scores(np.array([0, 1, 0]), probabilities).accuracy == pytest.approx(2 / 3)
    assert compute_scores(np.array([0, 1, 0]), probabilities).auc == 0.5


def test_reads_the_splits_asked_for_with_their_labels(tmp_path: Path) -> None:
    """Rows come back in order, missing values as NaN, with the label that Transform computes."""
    bargain = create_row(price=8.05, tip=1.61)
    generous = create_row(price=8.05, tip=1.62)
    scant: Row = {"city": "Zürich".encode(), "tip": 1.0}
    write_split(tmp_path, "train", [bargain, generous])
    write_split(tmp_path, "validation", [scant])
    write_split(tmp_path, "test", [create_row()])

    read = read_rows(tmp_path, ("train", "validation"), TABLE)

    examples = [tf.train.Example.FromString(record) for record in read.serialized]
    tips = [example.features.feature["tip"].float_list.value[0] for example in examples]
    assert tips == pytest.approx([1.61, 1.62, 1.0])
    assert read.labels.tolist() == [0, 1, 1]
    assert read.columns["city"].tolist() == ["Rome", "Rome", "Zürich"]
    assert read.columns["price"].tolist() == pytest.approx([8.05, 8.05, np.nan], nan_ok=True)
    assert read.columns["hour"].tolist() == pytest.approx([5, 5, np.nan], nan_ok=True)


def test_a_split_without_files_is_named(tmp_path: Path) -> None:
    """Reading a split that is not there says which."""
    with pytest.raises(FileNotFoundError, match="Split-test"):
        read_rows(tmp_path, ("test",), TABLE)


def test_the_mean_over_seeds_has_no_seed() -> None:
    """Scores and seconds are averaged, rows stay."""
    mean = average_seeds([measure(KERAS, 1, 0.5), measure(KERAS, 2, 0.75)])

    assert mean == Measurement(KERAS, None, Scores(0.625, 0.2, 0.9), 70, 30, 1.25)


def test_the_table_has_a_line_a_seed_and_the_means() -> None:
    """A model with several seeds gets a line of means, the baseline none."""
    table = create_table(
        [
            measure(KERAS, 1, 0.5),
            measure(KERAS, 2, 0.75),
            measure(BOOSTING, 1, 0.5),
            measure(ALWAYS_NO, None, 0.5),
        ]
    )
    console = Console(width=100)
    with console.capture() as screen:
        console.print(table)

    assert [list(column.cells) for column in table.columns][:3] == [
        [KERAS, KERAS, KERAS, BOOSTING, ALWAYS_NO],
        ["1", "2", "mean of 2", "1", ""],
        ["0.5000", "0.7500", "0.6250", "0.5000", "0.5000"],
    ]
    assert "70 rows" in screen.get()


@pytest.mark.parametrize("arguments", [["--config", "nowhere"], ["--seeds", "0"]])
def test_wrong_usage_ends_with_the_code_for_it(arguments: list[str]) -> None:
    """A configuration or a number of seeds that can't be used is exit code 2."""
    assert CliRunner().invoke(main, arguments).exit_code == ExitCode.USAGE
