"""TFX adapter: run the import of every CSV file as a Beam pipeline."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from components.csv_example_gen.csv_header import check_headers
from components.csv_example_gen.csv_import import ImportReport, ImportTask, import_csv
from components.csv_example_gen.custom_config import read_task
from components.csv_example_gen.input_files import (
    check_unchanged,
    get_name,
    hash_files,
    list_csv_files,
)
from components.data_refusal import DataProblem, DataRefusedError
from components.examples.input_file import CSV_FILES_PROPERTY, InputFile, dump_input_files
from components.examples.parquet_examples import FILE_FORMAT
from schemas.feature_table import load_feature_table

ROW_COUNTS_PROPERTY = "row_counts"
"""Custom property of the examples: JSON of the rows read (``csv``) and written, by split."""

CSV_ROWS_KEY = "csv"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Write CSV files as splits of Parquet, one shard a file.

    Splits and rows are those of TFX's own CsvExampleGen. That one passes each row through Beam as
    an element of its own; here an element is a file, and rows go in Arrow batches.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Import the CSV files.

        Args:
            input_dict: Nothing.
            output_dict: ``examples``: the artifact to write; gets ``row_counts``, for example
                ``{"csv": 10, "train": 6, "test": 4}``, and ``csv_files``.
            exec_properties: ``input_base``, ``input_config``, ``output_config`` and
                ``custom_config`` as ``create_csv_example_gen`` makes them, with the span resolved,
                and ``input_fingerprint``, both by our driver.

        Raises:
            DataRefusedError: If a file is refused or a split gets no row; nothing is left behind.
            InputChangedError: If the files are not those that the driver found, or were changed
                while they were read; nothing is left behind.
            RuntimeError: If rows were lost on the way; nothing is left behind.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        hash_buckets = _read_hash_buckets(exec_properties)
        examples.split_names = artifact_utils.encode_split_names(list(hash_buckets))
        directories = {
            split: artifact_utils.get_split_uri([examples], split) for split in hash_buckets
        }
        paths = _list_files(exec_properties)
        try:
            reports = self._import_files(paths, exec_properties, hash_buckets, directories)
            row_counts = count_rows(reports, paths)
        except Exception:
            _remove(directories)
            raise
        files = [
            InputFile(path=path, rows=report.csv_rows, sha256=report.sha256 or "")
            for path, report in zip(paths, reports, strict=True)
        ]
        examples.set_string_custom_property(ROW_COUNTS_PROPERTY, json.dumps(row_counts))
        examples.set_string_custom_property(CSV_FILES_PROPERTY, dump_input_files(files))
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_PARQUET)
        examples_utils.set_file_format(examples, FILE_FORMAT)

    def _import_files(
        self,
        paths: Sequence[str],
        exec_properties: Mapping[str, Any],
        hash_buckets: Mapping[str, int],
        directories: Mapping[str, str],
    ) -> list[ImportReport]:
        input_base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
        fingerprint = exec_properties[utils.FINGERPRINT_PROPERTY_NAME]
        task = read_task(exec_properties)
        if not paths:
            check_unchanged(input_base, fingerprint, {})
        try:
            check_headers(paths, load_feature_table(task))
        except DataRefusedError:
            # Of other files than those that the driver found, nothing is told.
            check_unchanged(input_base, fingerprint, hash_files(input_base, paths))
            raise
        import_file = _ImportCsv(task, hash_buckets, directories, self._get_tmp_dir())
        imports = [ImportTask(path, index, len(paths)) for index, path in enumerate(paths)]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(imports)
                | "OneFileAWorker" >> beam.Reshuffle()
                | "ImportCsv" >> beam.ParDo(import_file)
            )
        reports = [_read_report(_report_path(self._get_tmp_dir(), one)) for one in imports]
        read = {
            get_name(input_base, path): report.sha256
            for path, report in zip(paths, reports, strict=True)
        }
        check_unchanged(input_base, fingerprint, read)
        return reports


class _ImportCsv(beam.DoFn):
    """Import a file and leave its report; doing it again writes the same files again."""

    def __init__(
        self,
        task: str,
        hash_buckets: Mapping[str, int],
        directories: Mapping[str, str],
        report_directory: str,
    ) -> None:
        self._task = task
        self._hash_buckets = dict(hash_buckets)
        self._directories = dict(directories)
        self._report_directory = report_directory

    def process(self, element: ImportTask) -> Iterator[None]:
        table = load_feature_table(self._task)
        report = import_csv(element, table, self._hash_buckets, self._directories)
        _write_report(_report_path(self._report_directory, element), report)
        yield from ()


def count_rows(reports: Sequence[ImportReport], paths: Sequence[str]) -> dict[str, int]:
    """Sum the rows of all files and reconcile them.

    Args:
        reports: One report a file, at least one.
        paths: The files, in the same order.

    Returns:
        Rows read from the CSV files (``csv``) and written to each split.

    Raises:
        DataRefusedError: If a file was refused, or a split gets no row.
        RuntimeError: If the splits' rows do not sum up to those read.
    """
    problems = tuple(problem for report in reports for problem in report.problems)
    if problems:
        raise DataRefusedError(problems)
    csv_rows = sum(report.csv_rows for report in reports)
    split_rows = {
        split: sum(report.split_rows[split] for report in reports)
        for split in reports[0].split_rows
    }
    if sum(split_rows.values()) != csv_rows:
        raise RuntimeError(f"{csv_rows} CSV rows gave {sum(split_rows.values())} examples")
    empty = tuple(
        _describe_empty(split, csv_rows, paths) for split, rows in split_rows.items() if not rows
    )
    if empty:
        raise DataRefusedError(empty)
    return {CSV_ROWS_KEY: csv_rows, **split_rows}


def _describe_empty(split: str, csv_rows: int, paths: Sequence[str]) -> DataProblem:
    where = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    return DataProblem(
        rule="empty split",
        message=f"{where}: split {split!r} gets none of the {csv_rows} rows; give more rows, or "
        "the split more hash buckets",
        file=paths[0],
        value=str(csv_rows),
    )


def _read_hash_buckets(exec_properties: Mapping[str, Any]) -> dict[str, int]:
    output_config = proto_utils.json_to_proto(
        exec_properties[standard_component_specs.OUTPUT_CONFIG_KEY], example_gen_pb2.Output()
    )
    return {split.name: split.hash_buckets for split in output_config.split_config.splits}


def _list_files(exec_properties: Mapping[str, Any]) -> list[str]:
    input_config = proto_utils.json_to_proto(
        exec_properties[standard_component_specs.INPUT_CONFIG_KEY], example_gen_pb2.Input()
    )
    input_base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
    return list_csv_files(input_base, input_config.splits[0].pattern)


def _report_path(directory: str, task: ImportTask) -> str:
    return f"{directory}/{task.shard_name}.report.json"


def _write_report(path: str, report: ImportReport) -> None:
    with fileio.open(path, "w") as file:
        file.write(json.dumps(dataclasses.asdict(report)))


def _read_report(path: str) -> ImportReport:
    with fileio.open(path) as file:
        fields = json.loads(file.read())
    problems = tuple(DataProblem(**problem) for problem in fields.pop("problems"))
    return ImportReport(**fields, problems=problems)


def _remove(directories: Mapping[str, str]) -> None:
    for directory in directories.values():
        if fileio.exists(directory):
            fileio.rmtree(directory)
