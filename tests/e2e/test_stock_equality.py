"""What a run wrote is what TFX's own components write of the same rows.

That the splits hold the same rows, byte for byte, tests/components/csv_example_gen shows.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_metadata
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.components.example_gen.csv_example_gen.component import CsvExampleGen
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.components.transform.component import Transform
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import example_gen_pb2, transform_pb2

from pipelines.pipeline import PREPROCESSING_FN
from schemas.feature_table import DType, Vocabulary, get_schema_path, load_feature_table
from tests.e2e.conftest import SAMPLE, Run

pytestmark = pytest.mark.slow

TASK = "chicago_taxi"
TABLE = load_feature_table(TASK)
SPLITS = {"train": 6, "validation": 1, "test": 3}
FLOAT_TOLERANCE = 1e-6
BEAM_ARGUMENTS = [
    "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",
    "--setup_file=./setup.py",
]

TYPES: Mapping[DType, tuple[Callable[[str], float | int | str], tf.DType]] = {
    DType.FLOAT: (float, tf.float32),
    DType.INT: (int, tf.int64),
    DType.BYTES: (str, tf.string),
}


class Outputs:
    """The artifacts of one pipeline's metadata store."""

    def __init__(self, metadata_path: Path) -> None:
        """Open the store.

        Args:
            metadata_path: Its SQLite file.
        """
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(metadata_path)
        self._store = ml_metadata.MetadataStore(config)

    def find(self, type_name: str, node: str) -> mlmd.Artifact:
        """Find the first artifact of a type that a node made."""
        found = self._store.get_artifacts_by_type(type_name)
        return min(
            (artifact for artifact in found if f"/{node}/" in artifact.uri),
            key=lambda artifact: artifact.id,
        )

    def read_statistics(self, split: str) -> Mapping[str, Any]:
        """Read a split's statistics, with its columns by name."""
        directory = Path(self.find("ExampleStatistics", "StatisticsGen").uri)
        statistics = tfdv.load_stats_binary(str(directory / f"Split-{split}" / "FeatureStats.pb"))
        dataset = json_format.MessageToDict(statistics.datasets[0])
        columns = {"".join(each["path"]["step"]): each for each in dataset.pop("features")}
        return {"numExamples": dataset["numExamples"], **columns}

    def open_transform(self) -> tft.TFTransformOutput:
        """Open what Transform learned."""
        return tft.TFTransformOutput(self.find("TransformGraph", "Transform").uri)


def read_columns() -> dict[str, tf.SparseTensor]:
    """Read the sample's columns as Transform's graph takes them, with its gaps."""
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for feature in TABLE.features:
        read, dtype = TYPES[feature.dtype]
        cells = [
            (number, row[feature.name]) for number, row in enumerate(rows) if row[feature.name]
        ]
        indices = np.array([[number, 0] for number, _ in cells], np.int64).reshape(-1, 2)
        values = tf.constant([read(cell) for _, cell in cells], dtype)
        columns[feature.name] = tf.SparseTensor(indices, values, [len(rows), 1])
    return columns


@pytest.fixture(scope="module")
def ours(first_run: Run) -> Outputs:
    """What the pipeline wrote."""
    return Outputs(first_run.layout.metadata_path)


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """What TFX's own components write of the sample, with the same splits, schema and hook."""
    directory = tmp_path_factory.mktemp("stock")
    path = directory / "metadata.sqlite"
    splits = [
        example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=buckets)
        for name, buckets in SPLITS.items()
    ]
    examples = CsvExampleGen(
        str(SAMPLE.parent),
        output_config=example_gen_pb2.Output(
            split_config=example_gen_pb2.SplitConfig(splits=splits)
        ),
    )
    schema = ImportSchemaGen(str(get_schema_path(TASK)))
    statistics = StatisticsGen(
        examples.outputs["examples"],
        schema.outputs["schema"],
        tfdv.StatsOptions(infer_type_from_schema=True, num_quantiles_histogram_buckets=100),
    )
    transform = Transform(
        examples.outputs["examples"],
        schema.outputs["schema"],
        preprocessing_fn=PREPROCESSING_FN,
        splits_config=transform_pb2.SplitsConfig(
            analyze=["train"], transform=["train", "validation"]
        ),
        disable_statistics=True,
        custom_config={"task": TASK},
    )
    LocalDagRunner().run(
        Pipeline(
            "stock",
            str(directory / "pipeline_root"),
            components=[examples, schema, statistics, transform],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(path)),
            beam_pipeline_args=BEAM_ARGUMENTS,
        )
    )
    return Outputs(path)


@pytest.mark.parametrize("split", SPLITS)
def test_statistics_are_the_same(ours: Outputs, stock: Outputs, split: str) -> None:
    """Every figure of every column is that of TFX's StatisticsGen."""
    found, expected = ours.read_statistics(split), stock.read_statistics(split)

    assert set(expected) == {*TABLE.names, "numExamples"}
    assert set(found) == set(expected)
    for name in expected:
        assert_same(found[name], expected[name], name)


def assert_same(found: Any, expected: Any, where: str) -> None:
    """Compare nested figures: floats to a part in a million, all else exactly."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for key in expected:
            assert_same(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{where}[{place}]")
    elif isinstance(expected, float):
        close = math.isclose(found, expected, rel_tol=FLOAT_TOLERANCE, abs_tol=FLOAT_TOLERANCE)
        assert close, f"{where}: {found} is not {expected}"
    else:
        assert found == expected, where


@pytest.mark.parametrize(
    "name",
    [
        feature.name
        for feature in TABLE.inputs
        if any(isinstance(each, Vocabulary) for each in feature.transformations)
    ],
)
def test_vocabularies_are_the_same(ours: Outputs, stock: Outputs, name: str) -> None:
    """The same categories in the same order as TFX's Transform."""
    vocabulary = ours.open_transform().vocabulary_by_name(name)

    assert vocabulary == stock.open_transform().vocabulary_by_name(name)
    assert vocabulary


def test_rows_are_transformed_the_same(ours: Outputs, stock: Outputs) -> None:
    """Both graphs make the same numbers of the same raw columns, gaps among them."""
    columns = read_columns()
    found, expected = (
        side.open_transform().transform_features_layer()(columns) for side in (ours, stock)
    )

    assert set(found) == set(expected)
    for name in expected:
        np.testing.assert_allclose(
            found[name], expected[name], rtol=FLOAT_TOLERANCE, atol=FLOAT_TOLERANCE, err_msg=name
        )
