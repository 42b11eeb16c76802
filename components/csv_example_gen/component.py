"""TFX adapter: the CsvExampleGen node of the pipeline."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from tfx.components.example_gen import utils
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2, range_config_pb2

from components.csv_example_gen.custom_config import pack_custom_config
from components.csv_example_gen.driver import Driver
from components.csv_example_gen.executor import Executor
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
        span_date: First day of the span to read.

    Returns:
        The node; its output is ``examples``.
    """
    return CsvExampleGen(
        input_base=input_base,
        input_config=utils.make_default_input_config(input_pattern),
        output_config=_create_output_config(splits),
        custom_config=pack_custom_config(task),
        range_config=_create_range_config(span_date) if span_date else None,
    )


def _create_output_config(splits: Mapping[str, int]) -> example_gen_pb2.Output:
    return example_gen_pb2.Output(
        split_config=example_gen_pb2.SplitConfig(
            splits=[
                example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=buckets)
                for name, buckets in splits.items()
            ]
        )
    )


def _create_range_config(span_date: datetime.date) -> range_config_pb2.RangeConfig:
    span = number_span(span_date)
    return range_config_pb2.RangeConfig(
        static_range=range_config_pb2.StaticRange(start_span_number=span, end_span_number=span)
    )
