"""TFX adapter: the CsvExampleGen node of the pipeline."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from google.protobuf import struct_pb2
from tfx.components.example_gen import utils
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2, range_config_pb2

from components.csv_example_gen.driver import Driver
from components.csv_example_gen.executor import TASK_KEY, Executor
from components.spans import number_span

ANY_CSV = "*.csv*"
DATED_CSV = "{YYYY}-{MM}-{DD}/*.csv*"


class CsvExampleGen(FileBasedExampleGen):
    """TFX's file-based ExampleGen with our driver and executor: the same inputs and output."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver


def create_csv_example_gen(
    input_base: str,
    task: str,
    splits: Mapping[str, int],
    input_pattern: str = ANY_CSV,
    span_date: datetime.date | None = None,
) -> CsvExampleGen:
    """Create the node that reads CSV files into splits of Parquet examples.

    Args:
        task: Folder under ``schemas/`` whose feature table types the columns.
        splits: Hash buckets of each split, >= 1, in order; at least one split.
        input_pattern: Glob below ``input_base``. With ``{YYYY}``, ``{MM}`` and ``{DD}`` in it
            (see ``DATED_CSV``) a span is read: ``span_date``, or else the latest there is.
    """
    settings = struct_pb2.Struct()
    settings.update({TASK_KEY: task})
    custom_config = example_gen_pb2.CustomConfig()
    custom_config.custom_config.Pack(settings)
    range_config = None
    if span_date:
        span = number_span(span_date)
        limits = {"start_span_number": span, "end_span_number": span}
        range_config = range_config_pb2.RangeConfig(static_range=limits)
    return CsvExampleGen(
        input_base=input_base,
        input_config=utils.make_default_input_config(input_pattern),
        output_config=create_output_config(splits),
        custom_config=custom_config,
        range_config=range_config,
    )


def create_output_config(splits: Mapping[str, int]) -> example_gen_pb2.Output:
    """Create TFX's configuration of splits from their hash buckets."""
    listed = [{"name": name, "hash_buckets": buckets} for name, buckets in splits.items()]
    return example_gen_pb2.Output(split_config={"splits": listed})
