"""TFX adapter: compute the statistics of every split in one small Beam pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow_data_validation as tfdv
from tfx import types
from tfx.components.statistics_gen import executor
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, json_utils

from components.examples.parquet_examples import (
    RowGroup,
    list_files,
    list_row_groups,
    read_row_group,
)
from components.statistics_gen.partial_statistics import Accumulators, StatisticsCombiner

_Keyed = tuple[str, RowGroup]


class Executor(base_beam_executor.BaseBeamExecutor):
    """Write the statistics that TFX's StatisticsGen writes.

    An element of Beam is a row group here, and what travels on is its statistics.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Compute the statistics.

        Args:
            input_dict: ``examples``, and ``schema``, by which columns are typed.
            output_dict: ``statistics``: gets a ``FeatureStats.pb`` a split.
            exec_properties: ``stats_options_json``: TFDV's options; without slices, label or
                samples. ``exclude_splits`` must be empty.

        Raises:
            FileNotFoundError: If a split has no files.
            ValueError: If splits are to be left out.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(
            input_dict[standard_component_specs.EXAMPLES_KEY]
        )
        statistics = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.STATISTICS_KEY]
        )
        excluded = json_utils.loads(
            exec_properties.get(standard_component_specs.EXCLUDE_SPLITS_KEY) or "null"
        )
        if excluded:
            raise ValueError(f"exclude_splits: got {excluded}; every split has to be checked")
        splits = artifact_utils.decode_split_names(examples.split_names)
        statistics.split_names = artifact_utils.encode_split_names(splits)
        statistics.span = examples.span
        options = _read_options(input_dict, exec_properties)
        groups = [
            (artifact_utils.get_split_uri([statistics], split), group)
            for split in splits
            for group in list_row_groups(
                list_files(Path(artifact_utils.get_split_uri([examples], split)))
            )
        ]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "RowGroups" >> beam.Create(groups)
                | "OneRowGroupAWorker" >> beam.Reshuffle()
                | "Describe" >> beam.ParDo(_Describe(options))
                | "Merge" >> beam.CombinePerKey(_Merge(options))
                | "Write" >> beam.MapTuple(_write)
            )


class _Describe(beam.DoFn):
    def __init__(self, options: tfdv.StatsOptions) -> None:
        self._options = options

    def setup(self) -> None:
        self._combiner = StatisticsCombiner(self._options)

    def process(self, element: _Keyed) -> Iterator[tuple[str, Accumulators]]:
        directory, group = element
        yield directory, self._combiner.describe(read_row_group(group))


class _Merge(beam.CombineFn):
    def __init__(self, options: tfdv.StatsOptions) -> None:
        self._options = options

    def setup(self) -> None:
        self._combiner = StatisticsCombiner(self._options)

    def create_accumulator(self) -> Accumulators | None:
        return None

    def add_input(self, accumulator: Accumulators | None, element: Accumulators) -> Accumulators:
        return element if accumulator is None else self._combiner.merge([accumulator, element])

    def merge_accumulators(self, accumulators: Iterable[Accumulators | None]) -> Accumulators:
        return self._combiner.merge(part for part in accumulators if part is not None)

    def extract_output(self, accumulator: Accumulators) -> bytes:
        return bytes(self._combiner.extract(accumulator).SerializeToString())


def _read_options(
    input_dict: dict[str, list[types.Artifact]], exec_properties: dict[str, Any]
) -> tfdv.StatsOptions:
    options = tfdv.StatsOptions.from_json(
        exec_properties[standard_component_specs.STATS_OPTIONS_JSON_KEY]
    )
    schema_uri = artifact_utils.get_single_uri(input_dict[standard_component_specs.SCHEMA_KEY])
    options.schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(schema_uri))
    return options


def _write(directory: str, statistics: bytes) -> None:
    path = Path(directory, executor.DEFAULT_FILE_NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(statistics)
