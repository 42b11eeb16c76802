"""Our analysis beside that of TFT's own analyzers, on the same rows."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.examples.parquet_examples import nest
from components.transform.analysis import (
    EMPTY_VOCABULARY,
    Accumulator,
    Analysis,
    Moments,
    list_analyzed_columns,
)
from components.transform.preprocessing import transform_batch, write_vocabularies
from components.transform.transform_graph import TransformGraph, write_graph, write_raw_metadata
from schemas.feature_table import (
    ColumnLabel,
    DType,
    Feature,
    FeatureTable,
    IntegerRange,
    Numeric,
    Role,
    Transformation,
    Vocabulary,
)
from tests.components.transform.reference import transform_by_tft
from tests.tiny_task import create_schema

ROWS = 400
LABEL = Feature("clicked", DType.INT, "", "", Role.LABEL_SOURCE)


def _input(name: str, dtype: DType, *transformations: Transformation) -> Feature:
    return Feature(name, dtype, "", "", Role.INPUT, transformations)


TABLE = FeatureTable(
    task="odd",
    label=ColumnLabel("label", "clicked"),
    features=(
        _input("amount", DType.FLOAT, Numeric(5, log=True)),
        _input("seconds", DType.INT, Numeric(3)),
        _input("huge", DType.FLOAT, Numeric(2)),
        _input("same", DType.FLOAT, Numeric(2)),
        _input("never", DType.FLOAT, Numeric(4, log=True)),
        _input("word", DType.BYTES, Vocabulary(max_size=5, min_count=3)),
        _input("tied", DType.BYTES, Vocabulary(max_size=4)),
        _input("area", DType.INT, Vocabulary(max_size=50, min_count=2)),
        _input("score", DType.FLOAT, Vocabulary(max_size=10)),
        _input("rare", DType.BYTES, Vocabulary(max_size=10, min_count=ROWS + 1)),
        _input("hour", DType.INT, IntegerRange(0, 23)),
        LABEL,
    ),
)


def _create_table(transformation: Transformation) -> FeatureTable:
    features = (_input("x", DType.FLOAT, transformation), LABEL)
    return FeatureTable("one", features, ColumnLabel("label", LABEL.name))


def _create_rows() -> pa.RecordBatch:
    """Rows with all that is odd: ties, line breaks, empty text, zero variance, no value at all."""
    generator = np.random.default_rng(7)
    words = np.array([b"a", b"b", b"", b"two\nlines", b"cr\r", "größer".encode(), b"z " * 9])
    tied = [b"beta", b"alpha", b"\xc3\xa9", b"Beta", b"gamma"] * (ROWS // 5)
    missing = generator.random(ROWS) < 0.2
    columns = {
        "amount": pa.array(generator.lognormal(2, 1, ROWS).astype(np.float32), mask=missing),
        "seconds": pa.array(generator.integers(0, 9000, ROWS)),
        "huge": pa.array((generator.normal(size=ROWS) * 1e15 + 3e15).astype(np.float32)),
        "same": pa.array(np.full(ROWS, 3.5, np.float32), mask=missing),
        "never": pa.nulls(ROWS, pa.float32()),
        "word": pa.array(generator.choice(words, ROWS).tolist(), pa.binary(), mask=missing),
        "tied": pa.array(tied, pa.binary()),
        "area": pa.array(generator.geometric(0.2, ROWS) - 3, mask=missing),
        "score": pa.array(generator.integers(0, 20, ROWS).astype(np.float32) / 7),
        "rare": pa.array([b"x"] * ROWS, pa.binary()),
        "hour": pa.array(generator.integers(0, 24, ROWS)),
        "clicked": pa.array(generator.integers(0, 2, ROWS)),
    }
    return pa.RecordBatch.from_pydict(columns)


def _select(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: batch.column(name) for name in columns})


def _analyze(*batches: pa.RecordBatch, table: FeatureTable = TABLE) -> Analysis:
    accumulator = Accumulator(table)
    for batch in batches:
        accumulator.add_batch(batch)
    return accumulator.extract()


def _write_ours(batch: pa.RecordBatch, directory: Path) -> None:
    parameters = write_vocabularies(_analyze(batch), directory / "vocabularies")

    @tf.autograph.experimental.do_not_convert
    def preprocessing_fn(inputs: Mapping[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        return transform_batch(inputs, TABLE, parameters)

    write_graph(preprocessing_fn, create_schema(TABLE), directory)
    write_raw_metadata(create_schema(TABLE), directory)


@dataclasses.dataclass(frozen=True)
class Both:
    """The same rows, analyzed and transformed by TFT's analyzers and by ours."""

    tft: tft.TFTransformOutput
    ours: tft.TFTransformOutput
    transformed_by_tft: Mapping[str, npt.NDArray[Any]]
    transformed: Mapping[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Run both, in one batch."""
    directory = tmp_path_factory.mktemp("both")
    rows = _create_rows()
    transform_by_tft(rows, TABLE, directory / "tft")
    write_raw_metadata(create_schema(TABLE), directory / "tft")
    _write_ours(rows, directory / "ours")

    def transform(folder: str) -> dict[str, npt.NDArray[Any]]:
        graph = TransformGraph(directory / folder)
        outputs = graph.transform(_select(nest(rows), graph.columns))
        return {name: outputs.column(name).to_numpy() for name in outputs.schema.names}

    return Both(
        tft.TFTransformOutput(str(directory / "tft")),
        tft.TFTransformOutput(str(directory / "ours")),
        transform("tft"),
        transform("ours"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["word", "tied", "area", "score", "rare"])
def test_gives_the_vocabularies_of_tft(both: Both, name: str) -> None:
    """Values, order among ties and what is left out are TFT's, and plain TFT reads them."""
    assert both.ours.vocabulary_by_name(name) == both.tft.vocabulary_by_name(name)
    assert both.ours.vocabulary_size_by_name(name) == both.tft.vocabulary_size_by_name(name)


@pytest.mark.slow
def test_transforms_as_tft_does(both: Both) -> None:
    """Buckets and indices are the same, scaled numbers to a millionth."""
    assert set(both.transformed_by_tft) == set(both.transformed) - {"label", "hour_index"}
    for name, expected in both.transformed_by_tft.items():
        if name.endswith("_scaled"):
            np.testing.assert_allclose(both.transformed[name], expected, atol=1e-6, rtol=1e-6)
        else:
            np.testing.assert_array_equal(both.transformed[name], expected)


@pytest.mark.slow
def test_tells_the_range_of_indices_as_tft_does(both: Both) -> None:
    """The schema of the transformed rows has the same domains."""
    domains = {each.name: each.int_domain for each in both.ours.transformed_metadata.schema.feature}
    for feature in both.tft.transformed_metadata.schema.feature:
        assert domains[feature.name] == feature.int_domain


def test_gives_the_moments_of_the_logarithms() -> None:
    """Mean and deviation are of the population, missing values left out."""
    values = [1.0, None, 4.0, 0.0]
    table = _create_table(Numeric(log=True))
    batch = pa.RecordBatch.from_pydict({"x": pa.array(values, pa.float32())})
    logarithms = np.log1p([1.0, 4.0, 0.0])

    moments = _analyze(batch, table=table).moments["x"]

    assert moments.mean == pytest.approx(logarithms.mean())
    assert moments.deviation == pytest.approx(logarithms.std())


def test_is_the_same_for_the_parts_as_for_the_whole() -> None:
    """Parts may be accumulated apart, carried as bytes, and merged in any order."""
    rows = _create_rows()
    parts = [rows.slice(0, 10), rows.slice(10, 250), rows.slice(260)]
    accumulators = []
    for part in parts:
        accumulator = Accumulator(TABLE)
        accumulator.add_batch(part)
        accumulators.append(pickle.loads(pickle.dumps(accumulator)))
    merged = Accumulator(TABLE)
    for accumulator in reversed(accumulators):
        merged.merge(accumulator)

    whole, together = _analyze(rows), merged.extract()

    assert together.vocabularies == whole.vocabularies
    assert together.boundaries == whole.boundaries
    for name, moments in whole.moments.items():
        assert together.moments[name].mean == pytest.approx(moments.mean, rel=1e-12)
        assert together.moments[name].deviation == pytest.approx(moments.deviation, rel=1e-9)


def test_keeps_boundaries_within_the_error_of_the_sketch() -> None:
    """Over a hundred batches a boundary's rank is off by no more than a hundredth of the rows."""
    generator = np.random.default_rng(3)
    values = generator.lognormal(2, 1, 200_000).astype(np.float32)
    table = _create_table(Numeric(10))
    batches = [pa.RecordBatch.from_pydict({"x": part}) for part in np.split(values, 100)]

    boundaries = _analyze(*batches, table=table).boundaries["x"]

    ranks = np.searchsorted(np.sort(values), boundaries) / len(values)
    np.testing.assert_allclose(ranks, np.arange(1, 10) / 10, atol=0.01)


def test_tells_of_columns_without_values() -> None:
    """A column that is all missing has moments of 0, and a vocabulary of none has a dummy."""
    analysis = _analyze(_create_rows())

    assert analysis.moments["never"] == Moments(0.0, 0.0)
    assert analysis.moments["same"].deviation == 0.0
    assert analysis.vocabularies["rare"] == (EMPTY_VOCABULARY,)


def test_takes_no_rounding_error_for_a_deviation() -> None:
    """A number that is the same in every row has deviation 0, in however many batches."""
    batches = [
        pa.RecordBatch.from_pydict({"x": pa.array([3.7] * rows, pa.float32())})
        for rows in (7, 400, 13)
    ]

    moments = _analyze(*batches, table=_create_table(Numeric(log=True))).moments["x"]

    assert moments.deviation == 0.0


def test_knows_nothing_without_rows() -> None:
    """An accumulator without rows gives an analysis all the same."""
    analysis = _analyze()

    assert analysis.moments["amount"] == Moments(0.0, 0.0)
    assert analysis.boundaries["amount"] == (0.0,) * 4
    assert analysis.vocabularies["word"] == (EMPTY_VOCABULARY,)


def test_reads_back_what_it_wrote() -> None:
    """JSON keeps every bit of the numbers, and bytes that are no UTF-8."""
    analysis = _analyze(_create_rows())
    odd = analysis.model_copy(update={"vocabularies": {"word": (b"\xff\xfe", b"a")}})

    assert Analysis.model_validate_json(analysis.model_dump_json()) == analysis
    assert Analysis.model_validate_json(odd.model_dump_json()) == odd


def test_reads_only_what_it_needs() -> None:
    """Columns of known range are not analyzed, nor is the label."""
    needed = list_analyzed_columns(TABLE)

    assert set(needed) == set(TABLE.names) - {"hour", "clicked"}
    assert _analyze(_select(_create_rows(), needed)) == _analyze(_create_rows())


def test_names_a_column_that_is_missing() -> None:
    """A batch without a column is an error that names it."""
    with pytest.raises(KeyError, match="amount"):
        _analyze(_select(_create_rows(), ["seconds"]))
