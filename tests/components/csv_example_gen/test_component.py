"""The node, run by TFX's own launcher and compared with TFX's own CsvExampleGen."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest
import tensorflow as tf
from ml_metadata.proto import metadata_store_pb2
from tfx.components.example_gen.csv_example_gen.component import CsvExampleGen as StockCsvExampleGen
from tfx.dsl.compiler import compiler, constants
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration import driver_output_pb2

from components.csv_example_gen import csv_import
from components.csv_example_gen.component import (
    DATED_CSV,
    CsvExampleGen,
    create_csv_example_gen,
    create_output_config,
)
from components.csv_example_gen.csv_reader import read_record_batches
from components.csv_example_gen.driver import Driver
from components.examples.example_encoding import encode_examples
from components.examples.input_file import InputFile, load_input_files
from components.examples.parquet_examples import list_files, read_flat_batches
from components.problem import DataRefusedError
from schemas.feature_table import FeatureTable, load_feature_table

SPLITS = {"train": 6, "validation": 1, "test": 3}
SAMPLE = Path(__file__).parents[3] / "data/chicago_taxi/sample/data.csv"
BEAM_ARGUMENTS = [
    "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",
    "--setup_file=./setup.py",
]


def create_node(input_base: Path) -> CsvExampleGen:
    """Create our node."""
    return create_csv_example_gen(str(input_base), "chicago_taxi", SPLITS)


def create_stock_node(input_base: Path) -> StockCsvExampleGen:
    """Create TFX's own node for the same splits."""
    return StockCsvExampleGen(str(input_base), output_config=create_output_config(SPLITS))


def launch(node: BaseComponent, root: Path, run_id: str) -> metadata_store_pb2.Artifact:
    """Run a node as the pipeline does and return its examples, as the metadata store has them."""
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    ir = compiler.Compiler().compile(
        pipeline.Pipeline(
            pipeline_name="test",
            pipeline_root=str(root / "pipeline_root"),
            components=[node],
            metadata_connection_config=connection,
            enable_cache=True,
            beam_pipeline_args=BEAM_ARGUMENTS,
        )
    )
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    )
    deployment = runner_utils.extract_local_deployment_config(ir)
    launcher.Launcher(
        pipeline_node=ir.nodes[0].pipeline_node,
        mlmd_connection=metadata.Metadata(connection),
        pipeline_info=ir.pipeline_info,
        pipeline_runtime_spec=ir.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, node.id),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node.id),
    ).launch()
    with metadata.Metadata(connection) as handle:
        return handle.store.get_artifacts_by_type("Examples")[-1]


def list_executions(root: Path) -> list[int]:
    """List the states of a store's executions, in order."""
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    with metadata.Metadata(connection) as handle:
        return [execution.last_known_state for execution in handle.store.get_executions()]


def read_split(examples: metadata_store_pb2.Artifact, split: str) -> list[bytes]:
    """Read a split's rows as the records that they stand for."""
    files = list_files(Path(examples.uri, f"Split-{split}"))
    return [record for batch in read_flat_batches(files) for record in encode_examples(batch)]


def read_stock_split(examples: metadata_store_pb2.Artifact, split: str) -> list[bytes]:
    """Read a split's records as TFX wrote them, each serialized anew, deterministically."""
    files = sorted(str(path) for path in Path(examples.uri, f"Split-{split}").iterdir())
    dataset = tf.data.TFRecordDataset(files, compression_type="GZIP")
    parsed = (tf.train.Example.FromString(record.numpy()) for record in dataset)
    return [bytes(example.SerializeToString(deterministic=True)) for example in parsed]


def read_row_counts(examples: metadata_store_pb2.Artifact) -> Mapping[str, int]:
    """Read the row counts that the examples carry."""
    counts: Mapping[str, int] = json.loads(examples.custom_properties["row_counts"].string_value)
    return counts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with the committed sample, cut in two files."""
    header, *rows = SAMPLE.read_text().splitlines(keepends=True)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text(header + "".join(rows[:700]))
    (folder / "b.csv").write_text(header + "".join(rows[700:]))
    return folder


def test_examples_and_splits_are_those_of_the_stock_component(data: Path, tmp_path: Path) -> None:
    """The same examples, byte for byte, in the same splits; only the format is another."""
    ours = launch(create_node(data), tmp_path / "ours", "run")
    stock = launch(create_stock_node(data), tmp_path / "stock", "run")

    for split in SPLITS:
        assert sorted(read_split(ours, split)) == sorted(read_stock_split(stock, split))
    assert ours.custom_properties["span"] == stock.custom_properties["span"]
    assert ours.custom_properties["payload_format"].string_value == "FORMAT_PARQUET"
    assert ours.custom_properties["file_format"].string_value == "FILE_FORMAT_PARQUET"
    assert ours.properties["split_names"] == stock.properties["split_names"]


def test_row_counts_reconcile_with_the_files(data: Path, tmp_path: Path) -> None:
    """The artifact's row counts are the CSV's rows and the records in each split."""
    examples = launch(create_node(data), tmp_path / "out", "run")
    counts = read_row_counts(examples)

    assert counts == {"csv": 1200, **{split: len(read_split(examples, split)) for split in SPLITS}}
    assert sum(counts[split] for split in SPLITS) == 1200


def test_the_examples_list_their_files(data: Path, tmp_path: Path) -> None:
    """With path, rows and hash, in the order read."""
    examples = launch(create_node(data), tmp_path / "out", "run")

    listed = load_input_files(examples.custom_properties["csv_files"].string_value)

    paths = [data / "a.csv", data / "b.csv"]
    assert listed == tuple(
        InputFile(path=str(path), rows=rows, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        for path, rows in zip(paths, (700, 500), strict=True)
    )


def change_a_cell(path: Path) -> None:
    """Write another cell in place: the size stays, and so do columns and rows."""
    path.write_bytes(path.read_bytes().replace(b"Cash", b"CASH", 1))


class DriverBeforeAChange(Driver):
    """A driver after which the folder is changed, before the executor reads it."""

    change: ClassVar[Callable[[Path], object]]

    def run(self, execution_info: ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Find the input, then change it."""
        output = super().run(execution_info)
        type(self).change(Path(str(execution_info.exec_properties["input_base"])))
        return output


def change_before_reading(patch: pytest.MonkeyPatch, change: Callable[[Path], object]) -> None:
    """Have the folder of the input changed between driver and executor."""
    patch.setattr(DriverBeforeAChange, "change", staticmethod(change), raising=False)
    patch.setattr(CsvExampleGen, "DRIVER_CLASS", DriverBeforeAChange)


def test_a_file_changed_before_it_is_read_fails_the_node(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names it, nothing is left or published, and the next run reads what is there."""
    root = tmp_path / "out"
    with monkeypatch.context() as patch:
        change_before_reading(patch, lambda folder: change_a_cell(folder / "b.csv"))
        with pytest.raises(RuntimeError, match=f"{data / 'b.csv'}: was changed.*run again"):
            launch(create_node(data), root, "changed")
    left = [path for path in (root / "pipeline_root").rglob("*") if path.is_file()]
    content = (data / "b.csv").read_bytes()
    examples = launch(create_node(data), root, "again")

    assert left == []
    assert list_executions(root) == [
        metadata_store_pb2.Execution.FAILED,
        metadata_store_pb2.Execution.COMPLETE,
    ]
    listed = load_input_files(examples.custom_properties["csv_files"].string_value)
    assert listed[1].sha256 == hashlib.sha256(content).hexdigest()


def test_a_file_changed_while_it_is_read_fails_the_node(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of one content are not published under the fingerprint of another."""
    read = read_record_batches

    def read_with_a_change(path: str, table: FeatureTable) -> Iterator[pa.RecordBatch]:
        for batch in read(path, table):
            yield batch
            change_a_cell(data / "b.csv")

    root = tmp_path / "out"
    monkeypatch.setattr(csv_import, "read_record_batches", read_with_a_change)
    with pytest.raises(RuntimeError, match=f"{data / 'b.csv'}: was changed.*run again"):
        launch(create_node(data), root, "changed")

    assert [path for path in (root / "pipeline_root").rglob("*") if path.is_file()] == []
    assert list_executions(root) == [metadata_store_pb2.Execution.FAILED]


@pytest.mark.parametrize("gone", [["a.csv"], ["a.csv", "b.csv"]])
def test_a_file_that_is_gone_before_it_is_read_fails_the_node(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: list[str]
) -> None:
    """No file of the fingerprint is left out."""

    def remove(folder: Path) -> None:
        for name in gone:
            (folder / name).unlink()

    change_before_reading(monkeypatch, remove)

    with pytest.raises(RuntimeError, match=f"{data / 'a.csv'}.*: was changed, added or removed"):
        launch(create_node(data), tmp_path / "out", "run")


def test_a_file_that_comes_before_it_is_read_fails_the_node(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is read that is not in the fingerprint."""
    change_before_reading(
        monkeypatch, lambda folder: (folder / "n.csv").write_bytes((data / "b.csv").read_bytes())
    )

    with pytest.raises(RuntimeError, match=f"{data / 'n.csv'}: was changed, added or removed"):
        launch(create_node(data), tmp_path / "out", "run")


def test_the_same_content_is_cached_and_other_content_is_not(data: Path, tmp_path: Path) -> None:
    """A rewritten file with the same bytes is the same input; a changed byte is not."""
    root = tmp_path / "out"
    (data / "b.csv").unlink()
    launch(create_node(data), root, "first")
    content = (data / "a.csv").read_bytes()
    (data / "a.csv").write_bytes(content)
    launch(create_node(data), root, "same")
    (data / "a.csv").write_bytes(content.replace(b"Cash", b"CASH", 1))
    launch(create_node(data), root, "content")

    done, cached = (
        metadata_store_pb2.Execution.COMPLETE,
        metadata_store_pb2.Execution.CACHED,
    )
    assert list_executions(root) == [done, cached, done]


def test_a_refused_file_raises_and_leaves_no_examples(data: Path, tmp_path: Path) -> None:
    """The problem comes out as raised, nothing is live in the store, and the next run works."""
    good = (data / "b.csv").read_text()
    header, first, *rest = good.splitlines(keepends=True)
    (data / "b.csv").write_text(header + first.replace("Cash", "Cash,") + "".join(rest) + "1,2\n")
    root = tmp_path / "out"

    with pytest.raises(DataRefusedError) as refusal:
        launch(create_node(data), root, "bad")
    left = [path for path in (root / "pipeline_root").rglob("*") if "data_parquet" in path.name]
    (data / "b.csv").write_text(good)
    examples = launch(create_node(data), root, "good")

    assert {problem.rule for problem in refusal.value.problems} == {"ragged row"}
    assert {problem.file for problem in refusal.value.problems} == {str(data / "b.csv")}
    assert left == []
    assert list_executions(root) == [
        metadata_store_pb2.Execution.FAILED,
        metadata_store_pb2.Execution.COMPLETE,
    ]
    assert read_row_counts(examples)["csv"] == 1200


def test_too_few_rows_for_a_split_are_refused(data: Path, tmp_path: Path) -> None:
    """One row cannot fill three splits; the message names those that stay empty."""
    (data / "b.csv").unlink()
    lines = (data / "a.csv").read_text().splitlines(keepends=True)
    (data / "a.csv").write_text("".join(lines[:2]))

    with pytest.raises(DataRefusedError) as refusal:
        launch(create_node(data), tmp_path / "out", "run")

    assert [problem.rule for problem in refusal.value.problems] == ["empty split"] * 2


def test_a_folder_without_csv_files_is_refused(tmp_path: Path) -> None:
    """No input is an answer of its own, not an error of Beam's."""
    (tmp_path / "data").mkdir()

    with pytest.raises(DataRefusedError, match="no file of that name"):
        launch(create_node(tmp_path / "data"), tmp_path / "out", "run")


def test_a_span_is_read_by_its_date(tmp_path: Path) -> None:
    """The dated folder is read, and the artifact carries its date as days since 1970."""
    header, *rows = SAMPLE.read_text().splitlines(keepends=True)
    for name, some in (("2013-01-01", rows[:200]), ("2013-04-01", rows[200:500])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.csv").write_text(header + "".join(some))
    date = datetime.date(2013, 1, 1)
    node = create_csv_example_gen(
        str(tmp_path), "chicago_taxi", SPLITS, input_pattern=DATED_CSV, span_date=date
    )
    examples = launch(node, tmp_path / "out", "run")

    assert examples.custom_properties["span"].int_value == (date - datetime.date(1970, 1, 1)).days
    assert read_row_counts(examples)["csv"] == 200


def test_the_examples_hold_every_column_of_the_table(data: Path, tmp_path: Path) -> None:
    """Each example carries each column, a missing value as an empty list."""
    examples = launch(create_node(data), tmp_path / "out", "run")
    names = set(load_feature_table("chicago_taxi").names)

    for record in read_split(examples, "validation"):
        assert set(tf.train.Example.FromString(record).features.feature) == names
