"""The Transform node, run on Parquet files of the committed sample."""

from __future__ import annotations

import collections
import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2, transform_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.standard_artifacts import Examples
from tfx.utils import proto_utils

from components.csv_example_gen.csv_reader import read_record_batches
from components.examples.parquet_examples import (
    FILE_FORMAT,
    ParquetWriter,
    list_files,
    read_flat_batches,
)
from components.transform.executor import Executor
from pipelines.compiler.worker_sources import add_worker_sources
from pipelines.config.pipeline_config import BeamConfig
from pipelines.pipeline import PREPROCESSING_FN
from schemas.feature_table import get_schema_path, load_feature_table
from tests.tiny_task import TENSOR_TYPES

SAMPLE = Path(__file__).parents[3] / "data/chicago_taxi/sample/data.csv"
TABLE = load_feature_table("chicago_taxi")
OWN_HOOK = f"{__name__}.preprocess_without_a_task"
WITH_ANALYZERS = f"{__name__}.preprocess_with_analyzers"


def preprocess_without_a_task(inputs: Mapping[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """A hook of one's own: no custom config."""
    return {"fare": tf.sparse.to_dense(inputs["fare"])[:, 0]}


def preprocess_with_analyzers(inputs: Mapping[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """A hook with two analyzers of TFT's, of which one writes a file."""
    fare = tf.sparse.to_dense(inputs["fare"])[:, 0]
    company = tf.sparse.to_dense(inputs["company"], default_value="")[:, 0]
    return {
        "fare_scaled": tft.scale_to_z_score(fare),
        "company_index": tft.compute_and_apply_vocabulary(company),
    }


@dataclasses.dataclass(frozen=True)
class Outputs:
    """What a run of the executor wrote."""

    graph: tft.TFTransformOutput
    examples: list[Examples]


def _read_sample() -> pa.Table:
    return pa.Table.from_batches(read_record_batches(str(SAMPLE), TABLE))


def _write_file(path: Path, rows: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = ParquetWriter(str(path), rows.schema)
    for batch in rows.to_batches():
        writer.write(batch)
    writer.close()


def _create_examples(directory: Path, files: Mapping[str, pa.Table]) -> Examples:
    """Write files, named by split and file name, and describe them."""
    examples = Examples()
    examples.uri = str(directory)
    splits = sorted({name.partition("/")[0] for name in files})
    examples.split_names = artifact_utils.encode_split_names(splits)
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_PARQUET)
    examples_utils.set_file_format(examples, FILE_FORMAT)
    for name, rows in files.items():
        _write_file(directory / f"Split-{name}.parquet", rows)
    return examples


def _create_properties(hook: str, **changes: Any) -> dict[str, Any]:
    splits = transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "validation"])
    return {
        "preprocessing_fn": hook,
        "disable_statistics": 1,
        "custom_config": json.dumps({"task": "chicago_taxi"}),
        "splits_config": proto_utils.proto_to_json(splits),
        **changes,
    }


def _run(directory: Path, examples: list[Examples], properties: Mapping[str, Any]) -> Outputs:
    schema, graph = standard_artifacts.Schema(), standard_artifacts.TransformGraph()
    transformed = Examples()
    schema.uri, graph.uri = str(directory / "schema"), str(directory / "graph")
    transformed.uri = str(directory / "transformed")
    Path(schema.uri).mkdir(parents=True)
    shutil.copy(get_schema_path("chicago_taxi"), schema.uri)
    outputs = {"transform_graph": [graph], "transformed_examples": [transformed]}
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=add_worker_sources(BeamConfig(runner="DirectRunner").arguments),
        tmp_dir=str(directory / "tmp"),
        unique_id="1",
    )
    Executor(context).Do({"examples": examples, "schema": [schema]}, outputs, dict(properties))
    return Outputs(tft.TFTransformOutput(graph.uri), outputs["transformed_examples"])


def _read_split(examples: Examples, split: str) -> pa.Table:
    files = list_files(Path(artifact_utils.get_split_uri([examples], split)))
    return pa.Table.from_batches(read_flat_batches(files))


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """The sample's rows."""
    return _read_sample()


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory, rows: pa.Table) -> Outputs:
    """A window of two files to train on, one of them without a row, and a validation split."""
    directory = tmp_path_factory.mktemp("transform")
    examples = _create_examples(
        directory / "examples",
        {
            "train/a": rows.slice(0, 300),
            "train/b": rows.slice(300, 200),
            "train/c": rows.slice(0, 0),
            "validation/a": rows.slice(500, 100),
        },
    )
    return _run(directory, [examples], _create_properties(PREPROCESSING_FN))


def _mean_and_deviation(examples: Examples) -> tuple[float, float]:
    scaled = _read_split(examples, "train").column("fare_scaled").to_numpy()
    return float(scaled.mean(dtype=np.float64)), float(scaled.std(dtype=np.float64))


def test_describes_what_it_wrote(outputs: Outputs) -> None:
    """The transformed examples carry their splits, their format and their rows."""
    (examples,) = outputs.examples

    assert artifact_utils.decode_split_names(examples.split_names) == ["train", "validation"]
    assert examples_utils.get_payload_format(examples) == example_gen_pb2.FORMAT_PARQUET
    assert examples_utils.get_file_format(examples) == FILE_FORMAT
    rows = json.loads(examples.get_string_custom_property("row_counts"))
    assert rows == {"train": 500, "validation": 100}


def test_writes_a_file_for_each_that_it_reads(outputs: Outputs) -> None:
    """Files keep their order and their rows; one without rows gives one without rows."""
    (examples,) = outputs.examples
    files = list_files(Path(artifact_utils.get_split_uri([examples], "train")))

    counts = [sum(batch.num_rows for batch in read_flat_batches([file])) for file in files]

    assert counts == [300, 200, 0]


def test_keeps_the_order_of_the_rows(outputs: Outputs, rows: pa.Table) -> None:
    """Row by row the label is that of the raw row."""
    cents = {name: np.rint(rows.column(name).to_numpy() * 100) for name in ("tips", "fare")}
    labels = cents["tips"] * 100 > cents["fare"] * 20
    (examples,) = outputs.examples

    transformed = [
        _read_split(examples, split).column(TABLE.label.name) for split in ("train", "validation")
    ]

    assert [label for column in transformed for label in column.to_pylist()] == list(labels[:600])


def test_learns_from_the_training_rows_of_all_files(outputs: Outputs, rows: pa.Table) -> None:
    """Over the training split a scaled amount has mean 0 and deviation 1."""
    (examples,) = outputs.examples

    assert _mean_and_deviation(examples) == pytest.approx((0.0, 1.0), abs=1e-5)
    payments = rows.column("payment_type").to_pylist()[:500]
    ((most_frequent, _),) = collections.Counter(payments).most_common(1)
    assert outputs.graph.vocabulary_by_name("payment_type")[0] == most_frequent


def test_can_be_read_by_plain_tft(outputs: Outputs, rows: pa.Table) -> None:
    """TFT's own layer gives the rows that were written."""
    taken = rows.slice(500, 100)
    columns = {
        feature.name: _to_sparse(taken.column(feature.name).to_pylist(), feature.name)
        for feature in TABLE.features
    }
    (examples,) = outputs.examples
    written = _read_split(examples, "validation")

    transformed = outputs.graph.transform_features_layer()(columns)

    assert set(transformed) == set(written.column_names)
    for name, values in transformed.items():
        np.testing.assert_allclose(written.column(name).to_numpy(), values.numpy(), atol=1e-6)


def _to_sparse(values: list[Any], name: str) -> tf.SparseTensor:
    present = [row for row, value in enumerate(values) if value is not None]
    return tf.SparseTensor(
        np.array([[row, 0] for row in present], np.int64).reshape(-1, 2),
        tf.constant([values[row] for row in present], TENSOR_TYPES[TABLE.feature(name).dtype]),
        [len(values), 1],
    )


def test_takes_several_artifacts(tmp_path: Path, rows: pa.Table) -> None:
    """Each artifact of examples gets its own transformed one; all are learned from together."""
    parts = [
        _create_examples(
            tmp_path / str(start),
            {"train/a": rows.slice(start, 100), "validation/a": rows.slice(start + 100, 20)},
        )
        for start in (0, 200)
    ]

    outputs = _run(tmp_path, parts, _create_properties(PREPROCESSING_FN))

    means = [_mean_and_deviation(examples)[0] for examples in outputs.examples]
    assert len(means) == 2
    assert abs(means[0]) > 1e-3
    assert sum(means) == pytest.approx(0.0, abs=1e-5)


def test_takes_a_hook_without_a_task(tmp_path: Path, rows: pa.Table) -> None:
    """A hook of one's own need not take a custom config."""
    files = {"train/a": rows.slice(0, 30), "validation/a": rows.slice(30, 5)}
    examples = _create_examples(tmp_path / "examples", files)

    outputs = _run(tmp_path, [examples], _create_properties(OWN_HOOK))

    fares = _read_split(outputs.examples[0], "train").column("fare")
    assert fares.to_pylist() == rows.slice(0, 30).column("fare").to_pylist()
    assert set(outputs.graph.transformed_feature_spec()) == {"fare"}


def test_refuses_a_hook_with_analyzers(tmp_path: Path, rows: pa.Table) -> None:
    """One line names TFT's analyzers and says where to learn of the rows instead."""
    examples = _create_examples(tmp_path / "examples", {"train/a": rows.slice(0, 5)})

    with pytest.raises(ValueError, match="has analyzers of TFT's") as refusal:
        _run(tmp_path, [examples], _create_properties(WITH_ANALYZERS))

    message = str(refusal.value)
    assert "(compute_and_apply_vocabulary, scale_to_z_score)" in message
    assert "say in the feature table" in message
    assert len(message.splitlines()) == 1
    assert not list((tmp_path / "graph").glob("**/*"))


def test_refuses_to_compute_statistics(tmp_path: Path, rows: pa.Table) -> None:
    """Statistics are StatisticsGen's; the error says so."""
    examples = _create_examples(tmp_path / "examples", {"train/a": rows.slice(0, 5)})

    with pytest.raises(ValueError, match="disable_statistics is not set"):
        _run(tmp_path, [examples], _create_properties(PREPROCESSING_FN, disable_statistics=0))


def test_refuses_examples_that_are_not_parquet(tmp_path: Path, rows: pa.Table) -> None:
    """Examples in another format are refused by its name."""
    examples = _create_examples(tmp_path / "examples", {"train/a": rows.slice(0, 5)})
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)

    with pytest.raises(ValueError, match="are FORMAT_TF_EXAMPLE; give Transform FORMAT_PARQUET"):
        _run(tmp_path, [examples], _create_properties(PREPROCESSING_FN))
