"""TFX adapter: import every CSV file in one Beam pipeline, and note files and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import pydantic
from google.protobuf import struct_pb2
from tfx import types
from tfx.components.example_gen import utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from components.atomic_write import atomic_write
from components.csv_example_gen.csv_header import check_headers
from components.csv_example_gen.csv_import import ImportCsvFiles, ImportReport, ImportTask
from components.csv_example_gen.csv_source import create_problem
from components.csv_example_gen.input_files import (
    check_unchanged,
    get_name,
    hash_files,
    list_csv_files,
)
from components.examples.artifact import CSV_ROWS_KEY, describe_examples, find_split
from components.examples.input_file import CSV_FILES_PROPERTY, InputFile, dump_input_files
from components.problem import DataRefusedError
from schemas.feature_table import load_feature_table

TASK_KEY = "task"
"""Key of the task in the ``custom_config``, a ``google.protobuf.Struct``."""

_REPORTS = pydantic.TypeAdapter(list[ImportReport])


class Executor(base_beam_executor.BaseBeamExecutor):
    """Write CSV files as splits of Parquet, one shard per file.

    Splits and rows are those of TFX's own CsvExampleGen. That one passes each row through Beam as
    an element of its own; here an element is a file, and rows go in Arrow batches.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Import the CSV files; where this fails, nothing is left behind.

        Args:
            input_dict: Nothing.
            output_dict: ``examples``, which gets ``row_counts``, for example
                ``{"csv": 10, "train": 6, "test": 4}``, and ``csv_files``.
            exec_properties: As ``create_csv_example_gen`` makes them, with the span resolved and
                ``input_fingerprint`` added by our driver.

        Raises:
            DataRefusedError: If a file is refused or a split gets no row.
            InputChangedError: If the files are not those that the driver found, or were changed
                while they were read.
            RuntimeError: If rows were lost on the way.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        [examples] = output_dict[specs.EXAMPLES_KEY]
        output_config = proto_utils.json_to_proto(
            exec_properties[specs.OUTPUT_CONFIG_KEY], example_gen_pb2.Output()
        )
        hash_buckets = {
            split.name: split.hash_buckets for split in output_config.split_config.splits
        }
        examples.split_names = artifact_utils.encode_split_names(list(hash_buckets))
        directories = {split: str(find_split(examples, split)) for split in hash_buckets}
        input_config = proto_utils.json_to_proto(
            exec_properties[specs.INPUT_CONFIG_KEY], example_gen_pb2.Input()
        )
        input_base = exec_properties[specs.INPUT_BASE_KEY]
        paths = list_csv_files(input_base, input_config.splits[0].pattern)
        try:
            reports = self._import_files(paths, exec_properties, hash_buckets, directories)
            row_counts = _sum_rows(reports)
        except Exception:
            for directory in filter(fileio.exists, directories.values()):
                fileio.rmtree(directory)
            raise
        files = [
            InputFile(path=report.path, rows=report.csv_rows, sha256=report.sha256 or "")
            for report in reports
        ]
        examples.set_string_custom_property(CSV_FILES_PROPERTY, dump_input_files(files))
        describe_examples(examples, row_counts)

    def _import_files(
        self,
        paths: Sequence[str],
        exec_properties: Mapping[str, Any],
        hash_buckets: Mapping[str, int],
        directories: Mapping[str, str],
    ) -> list[ImportReport]:
        input_base = exec_properties[specs.INPUT_BASE_KEY]
        fingerprint = exec_properties[utils.FINGERPRINT_PROPERTY_NAME]
        table = load_feature_table(_read_task(exec_properties))
        if not paths:
            check_unchanged(input_base, fingerprint, {})
        try:
            check_headers(paths, table)
        except DataRefusedError:
            # Files that the driver did not find are no reason to refuse the data.
            check_unchanged(input_base, fingerprint, hash_files(input_base, paths))
            raise
        tasks = [ImportTask(path, index, len(paths)) for index, path in enumerate(paths)]
        report_path = Path(self._get_tmp_dir(), "reports.json")
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(tasks)
                | "ImportCsvFiles" >> ImportCsvFiles(table, hash_buckets, directories)
                | "Gather" >> beam.combiners.ToList()
                | "Write" >> beam.Map(_write_reports, report_path)
            )
        reports = _REPORTS.validate_json(report_path.read_bytes())
        read = {get_name(input_base, report.path): report.sha256 for report in reports}
        check_unchanged(input_base, fingerprint, read)
        return reports


def _sum_rows(reports: Sequence[ImportReport]) -> dict[str, int]:
    """Sum the rows of all files, and check that none was refused, lost or missing."""
    if problems := tuple(problem for report in reports for problem in report.problems):
        raise DataRefusedError(problems)
    csv_rows = sum(report.csv_rows for report in reports)
    split_rows = {
        split: sum(report.split_rows[split] for report in reports)
        for split in reports[0].split_rows
    }
    if sum(split_rows.values()) != csv_rows:
        raise RuntimeError(f"{csv_rows} CSV rows gave {sum(split_rows.values())} examples")
    path, place = reports[0].path, f"and {len(reports) - 1} more" if len(reports) > 1 else ""
    text = f"gets none of the {csv_rows} rows; give more rows, or the split more hash buckets"
    empty = tuple(
        create_problem(
            path, "empty split", f"split {split!r} {text}", place=place, value=str(csv_rows)
        )
        for split, rows in split_rows.items()
        if not rows
    )
    if empty:
        raise DataRefusedError(empty)
    return {CSV_ROWS_KEY: csv_rows, **split_rows}


def _read_task(exec_properties: Mapping[str, Any]) -> str:
    config = proto_utils.json_to_proto(
        exec_properties[specs.CUSTOM_CONFIG_KEY], example_gen_pb2.CustomConfig()
    )
    settings = struct_pb2.Struct()
    config.custom_config.Unpack(settings)
    return str(settings[TASK_KEY])


def _write_reports(reports: list[ImportReport], path: Path) -> None:
    atomic_write(path, _REPORTS.dump_json(sorted(reports, key=lambda report: report.path)))
