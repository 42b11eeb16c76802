"""TFX adapter: compute the statistics of every split in one small Beam pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow_data_validation as tfdv
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils, json_utils

from components.atomic_write import atomic_write
from components.examples.artifact import find_split
from components.examples.parquet_examples import list_files, list_row_groups
from components.statistics_gen.feature_statistics import FILE_NAME
from components.statistics_gen.row_group_statistics import DescribeRowGroups


class Executor(base_beam_executor.BaseBeamExecutor):
    """Write the statistics that TFX's StatisticsGen writes, described row group by row group."""

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Compute the statistics.

        Args:
            input_dict: ``examples``, and ``schema``, by which columns are typed.
            output_dict: ``statistics``: gets one ``FeatureStats.pb`` per split.
            exec_properties: ``stats_options_json``: TFDV's options, without slices, label or
                samples; ``exclude_splits`` must be empty.

        Raises:
            FileNotFoundError: If a split has no files.
            ValueError: If splits are to be left out.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        [examples] = input_dict[specs.EXAMPLES_KEY]
        [schema] = input_dict[specs.SCHEMA_KEY]
        [statistics] = output_dict[specs.STATISTICS_KEY]
        if excluded := json_utils.loads(exec_properties.get(specs.EXCLUDE_SPLITS_KEY) or "null"):
            raise ValueError(f"exclude_splits: got {excluded}; every split has to be checked")
        splits = artifact_utils.decode_split_names(examples.split_names)
        statistics.split_names = artifact_utils.encode_split_names(splits)
        statistics.span = examples.span
        options = tfdv.StatsOptions.from_json(exec_properties[specs.STATS_OPTIONS_JSON_KEY])
        options.schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(schema.uri))
        groups = [
            (split, group)
            for split in splits
            for group in list_row_groups(list_files(find_split(examples, split)))
        ]
        directories = {split: find_split(statistics, split) for split in splits}
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "RowGroups" >> beam.Create(groups)
                | "DescribeRowGroups" >> DescribeRowGroups(options)
                | "Write" >> beam.Map(_write, directories)
            )


def _write(described: tuple[str, bytes], directories: Mapping[str, Path]) -> None:
    split, statistics = described
    atomic_write(directories[split] / FILE_NAME, statistics)
