"""The executor beside TFX's own, on the committed sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen import executor as stock
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Schema

from components.csv_example_gen.csv_import import ImportTask, import_csv
from components.examples.parquet_examples import FILE_FORMAT
from components.statistics_gen import executor
from schemas.feature_table import get_schema_path, load_feature_table

TASK = "chicago_taxi"
SAMPLE = Path(__file__).parents[3] / "data/chicago_taxi/sample/data.csv"
SPLITS = {"train": 6, "validation": 1, "test": 3}
BEAM_ARGUMENTS = ["--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"]
OPTIONS = tfdv.StatsOptions(infer_type_from_schema=True, num_quantiles_histogram_buckets=100)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The sample as CsvExampleGen keeps it, of two files."""
    artifact = Examples()
    artifact.uri = str(tmp_path_factory.mktemp("examples"))
    artifact.split_names = artifact_utils.encode_split_names(list(SPLITS))
    examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_PARQUET)
    examples_utils.set_file_format(artifact, FILE_FORMAT)
    header, *rows = SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    for index, part in enumerate((rows[:500], rows[500:])):
        path = Path(artifact.uri, f"{index}.csv")
        path.write_text(header + "".join(part), encoding="utf-8")
        import_csv(
            ImportTask(str(path), index, 2),
            load_feature_table(TASK),
            SPLITS,
            {split: f"{artifact.uri}/Split-{split}" for split in SPLITS},
        )
    return artifact


def run(
    kind: type[base_beam_executor.BaseBeamExecutor],
    examples: Artifact,
    directory: Path,
    **properties: str,
) -> Artifact:
    """Run an executor; gives the statistics."""
    schema, statistics = Schema(), ExampleStatistics()
    schema.uri, statistics.uri = str(directory / "schema"), str(directory / "statistics")
    Path(schema.uri).mkdir(parents=True)
    Path(schema.uri, "schema.pbtxt").write_bytes(get_schema_path(TASK).read_bytes())
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=BEAM_ARGUMENTS, tmp_dir=str(directory), unique_id="1"
    )
    kind(context).Do(
        {"examples": [examples], "schema": [schema]},
        {"statistics": [statistics]},
        {"stats_options_json": OPTIONS.to_json(), "exclude_splits": "[]", **properties},
    )
    return statistics


def load(statistics: Artifact, split: str) -> dict[str, Any]:
    """Load a split's statistics by column."""
    path = f"{statistics.uri}/Split-{split}/FeatureStats.pb"
    [dataset] = tfdv.load_stats_binary(path).datasets
    columns = {feature.path.step[0]: feature for feature in dataset.features}
    return {"rows": dataset.num_examples, **columns}


@pytest.mark.slow
def test_statistics_are_those_of_the_stock_component(examples: Artifact, tmp_path: Path) -> None:
    """The same numbers, histograms and top values of every column in every split.

    Quantiles are the one thing that depends on how rows are batched, in TFX's own component too.
    """
    ours = run(executor.Executor, examples, tmp_path / "ours")
    theirs = run(stock.Executor, examples, tmp_path / "theirs")

    assert ours.split_names == theirs.split_names
    for split in SPLITS:
        (columns, sums), (expected, expected_sums) = (
            _separate(load(statistics, split)) for statistics in (ours, theirs)
        )
        assert columns == expected
        assert sums == pytest.approx(expected_sums, rel=1e-6)


def _separate(columns: dict[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Take out what a sum's order decides, and leave out what TFDV's sketches estimate."""
    sums: dict[str, float] = {}
    for name, feature in columns.items():
        if name == "rows" or not feature.HasField("num_stats"):
            continue
        numbers = feature.num_stats
        sums |= {f"{name} mean": numbers.mean, f"{name} deviation": numbers.std_dev}
        for field in ("mean", "std_dev", "median", "histograms"):
            numbers.ClearField(field)
    return columns, sums


def test_rows_of_several_files_are_counted_together(examples: Artifact, tmp_path: Path) -> None:
    """Every split is described, and the rows of all sum up to the CSV files'."""
    statistics = run(executor.Executor, examples, tmp_path)

    assert json.loads(statistics.split_names) == list(SPLITS)
    assert sum(load(statistics, split)["rows"] for split in SPLITS) == 1200


def test_no_split_can_be_left_out(examples: Artifact, tmp_path: Path) -> None:
    """What is not described can't be checked."""
    with pytest.raises(ValueError, match=r"exclude_splits: got \['test'\]"):
        run(executor.Executor, examples, tmp_path, exclude_splits='["test"]')
