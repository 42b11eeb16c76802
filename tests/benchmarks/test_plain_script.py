"""The plain script does the same work as the pipeline: transformations, metrics, signatures."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf

from benchmarks.generate_sample import SAMPLE_PATH
from benchmarks.model_quality import compute_scores
from benchmarks.plain_script import (
    BUCKETS,
    MODEL_FLOATS,
    MODEL_INTEGERS,
    SLICE_COLUMNS,
    SPLIT_TENTHS,
    TEXTS,
    Budget,
    build_vocabulary,
    compute_auc,
    compute_label,
    compute_metrics,
    count_indices,
    describe_columns,
    fit_transformation,
    main,
    read_trips,
    run_script,
    split_trips,
    transform_trips,
)
from components.trainer.settings import TrainerSettings
from components.trainer.training_plan import plan_training
from components.transform.analysis import Accumulator
from components.transform.preprocessing import transform_batch, write_vocabularies
from components.transform.transformed_features import list_transformed_features
from schemas.feature_table import DType, Role, Vocabulary, load_feature_table

TASK = "chicago_taxi"
TABLE = load_feature_table(TASK)
TENSOR_TYPES = {DType.FLOAT: tf.float32, DType.INT: tf.int64, DType.BYTES: tf.string}

ARROW_TYPES = {DType.FLOAT: pa.float32(), DType.INT: pa.int64(), DType.BYTES: pa.binary()}

Columns = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def trips() -> pd.DataFrame:
    """The committed sample."""
    return read_trips(SAMPLE_PATH.parent)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The script's folder and result, after one pass over the sample."""
    output = tmp_path_factory.mktemp("script")
    budget = Budget(40, patience=6, batch_size=256, rows_budget=1, epoch_rows=250_000)
    return output, run_script(SAMPLE_PATH.parent, output, budget)


def test_columns_and_gaps_are_read(trips: pd.DataFrame) -> None:
    """Every column of the table is read, and an empty cell is missing."""
    assert set(trips.columns) == set(TABLE.names)
    cells = pd.read_csv(SAMPLE_PATH, dtype=str, keep_default_na=False)
    assert trips.isna().sum().to_dict() == (cells == "").sum().to_dict()


def test_splits_hold_every_row_once(trips: pd.DataFrame) -> None:
    """Six, one and three tenths, about, and the same rows whatever the order."""
    splits = split_trips(trips)
    again = split_trips(trips.iloc[::-1])

    assert sum(map(len, splits.values())) == len(trips)
    for name, tenths in SPLIT_TENTHS.items():
        assert len(splits[name]) / len(trips) == pytest.approx(tenths / 10, abs=0.04)
        pd.testing.assert_frame_equal(splits[name], again[name].iloc[::-1])


def test_statistics_are_those_of_pandas(trips: pd.DataFrame) -> None:
    """Counts, gaps, moments, quantiles and the most frequent values of each column."""
    for name, described in describe_columns(trips).items():
        column = trips[name]
        assert described["count"] + described["missing"] == len(trips)
        assert described["count"] == column.count()
        if name in TEXTS:
            top = next(iter(described["top"].items()))
            assert top[1] == column.value_counts().iloc[0]
            assert described["distinct"] == column.nunique()
        else:
            numbers = column.astype(float)
            assert described["mean"] == pytest.approx(numbers.mean())
            assert described["std"] == pytest.approx(numbers.std(ddof=0))
            assert described["distinct"] == numbers.nunique()
            assert described["zeros"] == (numbers == 0).sum()
            assert described["quantiles"][0] == described["min"] == numbers.min()
            assert sum(described["histogram"]["counts"]) == described["count"]


def test_a_column_without_values_is_described() -> None:
    """There is nothing to say of its values."""
    empty = pd.DataFrame({name: [np.nan] for name in TABLE.names})
    empty = empty.astype(dict.fromkeys(TEXTS, "category"))

    assert describe_columns(empty.drop(columns=list(TEXTS)))["fare"] == {"count": 0, "missing": 1}


def test_vocabularies_rank_by_count_then_by_the_last_name() -> None:
    """As TensorFlow Transform ranks; missing values are a category, rare ones are left out."""
    column = pd.Series(["b", "a", "b", "a", "c", None, None, None, "d", "d", "d"])

    assert build_vocabulary(column, max_size=10, min_rows=2) == ["d", "(missing)", "b", "a"]
    assert build_vocabulary(column, max_size=1, min_rows=2) == ["d"]


@pytest.mark.parametrize("rows", [100, 9_000, 90_000, 900_000, 1_000_000, 9_000_001])
def test_trains_as_long_as_the_pipeline(rows: int) -> None:
    """The options' defaults give the pipeline's epochs and steps, and its patience."""
    defaults: dict[str, Any] = {str(option.name): option.default for option in main.params}
    budget = Budget(**{each.name: defaults[each.name] for each in dataclasses.fields(Budget)})
    settings = TrainerSettings()
    schedule = plan_training(rows, settings)

    assert budget.plan_epochs(rows) == (schedule.epochs, schedule.steps_per_epoch)
    assert budget.patience == settings.patience_epochs
    assert budget.batch_size == settings.batch_size


def test_inputs_and_slices_are_the_pipelines(trips: pd.DataFrame) -> None:
    """The model's inputs, with their sizes, and the slices are those of the feature table."""
    counts = count_indices(fit_transformation(trips))
    listed = {feature.name: feature for feature in list_transformed_features(TABLE)}

    assert set(counts) == set(listed)
    assert TABLE.slice_columns == SLICE_COLUMNS
    for name, feature in listed.items():
        if not isinstance(feature.transformation, Vocabulary):
            assert counts[name] == feature.index_count


def test_metrics_are_those_of_scikit_learn() -> None:
    """AUC with ties, log loss and accuracy, on scores of which many are equal."""
    generator = np.random.default_rng(1)
    labels = generator.integers(2, size=500)
    drawn: npt.NDArray[np.float64] = generator.normal(0.4 + 0.2 * labels, 0.3)
    scores = drawn.clip(0, 1).round(2)

    measured = compute_metrics(labels, scores)
    expected = compute_scores(labels, scores)

    assert measured["auc"] == pytest.approx(expected.auc, abs=1e-12)
    assert measured["log_loss"] == pytest.approx(expected.log_loss, abs=1e-9)
    assert measured["accuracy"] == pytest.approx(expected.accuracy, abs=1e-12)


def test_metrics_without_a_meaning_are_none() -> None:
    """Without a positive row there is no AUC, recall or calibration; without a yes no precision."""
    measured = compute_metrics(np.zeros(3), np.array([0.1, 0.2, 0.3]))

    undefined = {name for name, value in measured.items() if value is None}
    assert undefined == {"auc", "precision", "recall", "calibration"}
    assert compute_auc(np.array([True, False]), np.array([0.5, 0.5])) == 0.5


@pytest.mark.slow
def test_the_result_accounts_for_every_row(result: tuple[Path, dict[str, Any]]) -> None:
    """Rows of the file, of the splits, and of the slices agree."""
    output, told = result
    slices = json.loads((output / "evaluation.json").read_text())
    by_hour = [each["rows"] for name, each in slices.items() if name.startswith("trip_start_hour")]

    assert told["rows"]["csv"] == 1200
    assert sum(told["rows"][name] for name in SPLIT_TENTHS) == 1200
    assert told["rows_seen"] == told["rows"]["train"]
    assert slices["overall"]["rows"] == told["rows"]["test"] == sum(by_hour)
    assert set(json.loads((output / "statistics.json").read_text())) == set(SPLIT_TENTHS)


@pytest.mark.slow
def test_both_signatures_give_the_same_answers(result: tuple[Path, dict[str, Any]]) -> None:
    """An example and the same columns have the same probability, with gaps and without."""
    output, _ = result
    signatures = tf.saved_model.load(str(output / "model")).signatures
    known: dict[str, Any] = {"fare": 8.05, "trip_seconds": 600, "payment_type": b"Cash"}
    missing = {DType.FLOAT: math.nan, DType.INT: -1, DType.BYTES: b""}
    columns = {
        feature.name: tf.constant(
            [known.get(feature.name, missing[feature.dtype]), missing[feature.dtype]],
            TENSOR_TYPES[feature.dtype],
        )
        for feature in TABLE.inputs
    }
    example = tf.train.Example()
    example.features.feature["fare"].float_list.value.append(8.05)
    example.features.feature["trip_seconds"].int64_list.value.append(600)
    example.features.feature["payment_type"].bytes_list.value.append(b"Cash")
    example.features.feature["company"].bytes_list.SetInParent()

    by_column = signatures["serving_raw"](**columns)["probability"].numpy()
    examples = tf.constant([example.SerializeToString(), b""])
    by_example = signatures["serving_default"](examples)["probability"].numpy()

    assert by_example == pytest.approx(by_column, abs=1e-7)
    assert by_column[0] != by_column[1]


def test_transforms_as_the_pipeline_does(trips: pd.DataFrame, tmp_path: Path) -> None:
    """The script's inputs and label are Transform's, row by row.

    Quantiles are the exception: they are those of a sketch there, so a fare may be a bucket off.
    """
    expected = transform_by_the_pipeline(trips, tmp_path)
    inputs = transform_trips(trips, fit_transformation(trips))

    assert set(inputs) | {TABLE.label.name} == set(expected)
    assert compute_label(trips).tolist() == expected[TABLE.label.name].tolist()
    off = np.abs(inputs.pop("fare_bucket") - expected["fare_bucket"])
    assert off.max() <= 1
    assert (off == 1).mean() < 2 / BUCKETS
    for name, values in inputs.items():
        np.testing.assert_allclose(values, expected[name], atol=2e-6, err_msg=name)


def transform_by_the_pipeline(trips: pd.DataFrame, directory: Path) -> Columns:
    """Analyze and transform rows by the pipeline's own code, in order."""
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(
                trips[feature.name].astype(object), ARROW_TYPES[feature.dtype], from_pandas=True
            )
            for feature in TABLE.features
        ],
        names=list(TABLE.names),
    )
    accumulator = Accumulator(TABLE)
    accumulator.add_batch(batch)
    parameters = write_vocabularies(accumulator.extract(), directory)
    columns = {name: to_sparse(batch.column(name)) for name in TABLE.names}
    # As in the graph that is exported: eagerly, looking up would make its table anew.
    transform = tf.function(lambda: transform_batch(columns, TABLE, parameters), autograph=False)
    return {name: tensor.numpy() for name, tensor in transform().items()}


def to_sparse(column: pa.Array) -> tf.SparseTensor:
    """Turn a column with nulls into one without entries there."""
    rows = np.flatnonzero(column.is_valid())
    indices = np.stack([rows, np.zeros_like(rows)], axis=1)
    values = column.drop_null().to_numpy(zero_copy_only=False)
    return tf.SparseTensor(indices, tf.constant(values), [len(column), 1])


def test_reads_every_column_that_the_model_takes() -> None:
    """The raw columns of the signatures are those that the feature table serves."""
    served = {feature.name for feature in TABLE.features if feature.role is Role.INPUT}
    assert {*MODEL_FLOATS, *MODEL_INTEGERS, *TEXTS} == served
