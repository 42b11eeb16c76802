"""Real inputs of the gate, made from CSV text in process: examples, statistics, anomalies."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import (
    ExampleAnomalies,
    Examples,
    ExampleStatistics,
    Schema,
)

from components.csv_example_gen.csv_reader import read_record_batches
from components.csv_example_gen.split_assignment import assign_splits
from components.data_gate.component import DataGate
from components.data_gate.findings import DataVerdict, read_verdict
from components.data_gate.latest_accepted import DataVerdictArtifact
from components.data_gate.severity import DataGateSettings
from components.examples.example_encoding import encode_examples
from components.examples.input_file import (
    CSV_FILES_PROPERTY,
    InputFile,
    dump_input_files,
    hash_file,
)
from components.examples.parquet_examples import ParquetWriter, nest, to_record_batch
from schemas.feature_table import get_schema_path, load_feature_table

TASK = "chicago_taxi"
TABLE = load_feature_table(TASK)
CURATED = tfdv.load_schema_text(str(get_schema_path(TASK)))
SAMPLE = Path(__file__).parents[2] / "data/chicago_taxi/sample/data.csv"
SPLITS = {"train": 6, "validation": 1, "test": 3}

Row = dict[str, str]
Edit = Callable[[Row], None]

_ids = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Data:
    """The gate's inputs: one run's data."""

    examples: Artifact
    statistics: Artifact
    anomalies: Artifact
    schema: Artifact
    paths: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Judged:
    """What the gate put out."""

    artifact: Artifact
    verdict: DataVerdict


def describe(
    rows: pa.RecordBatch, schema: schema_pb2.Schema = CURATED
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Compute statistics as the pipeline's StatisticsGen does."""
    options = tfdv.StatsOptions(
        schema=schema, infer_type_from_schema=True, num_quantiles_histogram_buckets=100
    )
    return stats_impl.generate_statistics_in_memory(nest(rows), options)


def read_csv(*paths: Path) -> pa.RecordBatch:
    """Read CSV files as CsvExampleGen does."""
    batches = [batch for path in paths for batch in read_record_batches(str(path), TABLE)]
    return to_record_batch(pa.Table.from_batches(batches))


def divide(rows: pa.RecordBatch) -> dict[str, pa.RecordBatch]:
    """Divide rows among splits as CsvExampleGen does."""
    places = assign_splits(encode_examples(rows), SPLITS)
    return {split: rows.filter(pa.array(places == place)) for place, split in enumerate(SPLITS)}


def read_sample() -> list[Row]:
    """Read the committed sample's 1,200 rows."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows as a CSV file, with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8")


def lay_out(directory: Path, *files: Sequence[Mapping[str, str]], span: int = 0) -> Data:
    """Make a run's data from the rows of one or more CSV files."""
    paths = [directory / "csv" / f"{number}.csv" for number in range(1, len(files) + 1)]
    for path, rows in zip(paths, files, strict=True):
        write_rows(path, rows)
    examples, statistics, anomalies, schema = (
        _create_artifact(kind, directory)
        for kind in (Examples, ExampleStatistics, ExampleAnomalies, Schema)
    )
    listed = [
        InputFile(path=str(path), rows=len(rows), sha256=hash_file(str(path)))
        for path, rows in zip(paths, files, strict=True)
    ]
    examples.set_string_custom_property(CSV_FILES_PROPERTY, dump_input_files(listed))
    examples.set_int_custom_property("span", span)
    for split, part in divide(read_csv(*paths)).items():
        _write_split(Path(examples.uri), Path(statistics.uri), Path(anomalies.uri), split, part)
    tfdv.write_schema_text(CURATED, str(Path(schema.uri, "schema.pbtxt")))
    return Data(examples, statistics, anomalies, schema, tuple(map(str, paths)))


def run_gate(
    directory: Path,
    data: Data,
    previous: tuple[Data, Judged] | None = None,
    settings: DataGateSettings | None = None,
) -> Judged:
    """Run the component's executor."""
    verdict = DataVerdictArtifact()
    verdict.uri, verdict.id = str(directory / f"verdict-{next(_ids)}"), next(_ids)
    inputs: dict[str, Any] = {
        "examples": [data.examples],
        "statistics": [data.statistics],
        "anomalies": [data.anomalies],
        "schema": [data.schema],
    }
    if previous:
        inputs["previous_statistics"] = [previous[0].statistics]
        inputs["previous_verdict"] = [previous[1].artifact]
    properties = {
        "settings": (settings or DataGateSettings()).model_dump_json(),
        "task": TASK,
    }
    DataGate.EXECUTOR_SPEC.executor_class().Do(inputs, {"verdict": [verdict]}, properties)
    return Judged(verdict, read_verdict(Path(verdict.uri)))


def _create_artifact(kind: type[Artifact], directory: Path) -> Artifact:
    artifact = kind()
    artifact.id = next(_ids)
    artifact.uri = str(directory / kind.TYPE_NAME)
    Path(artifact.uri).mkdir(parents=True)
    if "split_names" in (kind.PROPERTIES or {}):
        artifact.split_names = json.dumps(list(SPLITS))
    return artifact


def _write_split(
    examples: Path, statistics: Path, anomalies: Path, split: str, rows: pa.RecordBatch
) -> None:
    for folder in (examples, statistics, anomalies):
        (folder / f"Split-{split}").mkdir()
    writer = ParquetWriter(str(examples / f"Split-{split}" / "data.parquet"), rows.schema)
    writer.write(rows)
    writer.close()
    described = describe(rows)
    (statistics / f"Split-{split}" / "FeatureStats.pb").write_bytes(described.SerializeToString())
    found = tfdv.validate_statistics(described, CURATED)
    (anomalies / f"Split-{split}" / "SchemaDiff.pb").write_bytes(found.SerializeToString())
