"""TFX adapter: analyze row groups, make the graph, and transform files, as two Beam pipelines."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils

from components.examples.artifact import describe_examples, find_split
from components.examples.parquet_examples import RowGroup, count_rows, list_files, list_row_groups
from components.statistics_gen.column_limits import load_schema
from components.transform.analysis import Analysis
from components.transform.preprocessing import PARAMETERS_KEY, write_vocabularies
from components.transform.row_group_steps import AnalyzeRowGroups, TransformFiles, plan_files
from components.transform.tft_internals import executor_utils, get_fn
from components.transform.transform_graph import PreprocessingFn, write_graph, write_raw_metadata
from schemas.feature_table import FeatureTable, load_feature_table

_TASK_KEY = "task"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Learn from the training rows, make the graph, and apply it to every split.

    TFX's executor has TFT build a Beam graph of a thousand stages for the analysis, and passes
    each transformed row through Python. Here the analysis is one combiner over row groups, the
    graph is made with its result in it, and whole row groups pass through it.
    """

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the transform graph and the transformed examples.

        Args:
            input_dict: ``examples``, one artifact or several, as Parquet; ``schema``.
            output_dict: ``transform_graph``; ``transformed_examples``, if they are wanted, which
                get ``row_counts``, rows per split.
            exec_properties: As TFX's component makes them, with ``disable_statistics``. A hook
                that takes a ``custom_config`` with a ``task`` gets ``TransformParameters`` in it.

        Raises:
            ValueError: If statistics are asked for, the examples are not Parquet, or the hook has
                analyzers of TFT's.
            RuntimeError: If rows were lost on the way.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        raw = input_dict[specs.EXAMPLES_KEY]
        _check_request(raw, exec_properties)
        executor_utils.MatchNumberOfTransformedExamplesArtifacts(input_dict, output_dict)
        splits = executor_utils.ResolveSplitsConfig(
            exec_properties.get(specs.SPLITS_CONFIG_KEY), raw
        )
        graph_directory = Path(
            artifact_utils.get_single_uri(output_dict[specs.TRANSFORM_GRAPH_KEY])
        )
        [schema_artifact] = input_dict[specs.SCHEMA_KEY]
        schema = load_schema(Path(io_utils.get_only_uri_in_dir(schema_artifact.uri)))
        with tempfile.TemporaryDirectory() as folder:
            groups = _list_row_groups(raw, splits.analyze)
            hook = get_fn(exec_properties, specs.PREPROCESSING_FN_KEY)
            hook = executor_utils.MaybeBindCustomConfig(exec_properties, hook)
            hook = self._bind_parameters(hook, groups, Path(folder))
            write_graph(hook, schema, graph_directory)
        write_raw_metadata(schema, graph_directory)
        if transformed := output_dict.get(specs.TRANSFORMED_EXAMPLES_KEY, []):
            self._transform(raw, transformed, splits.transform, graph_directory)

    def _bind_parameters(
        self, hook: Callable[..., Any], groups: Sequence[RowGroup], directory: Path
    ) -> PreprocessingFn:
        """Add the rows' analysis to the hook's ``custom_config``, if that names a task."""
        config = getattr(hook, "keywords", {}).get(specs.CUSTOM_CONFIG_KEY, {})
        if _TASK_KEY not in config:
            return hook
        analysis = self._analyze(groups, load_feature_table(config[_TASK_KEY]), directory)
        parameters = write_vocabularies(analysis, directory / "vocabularies")
        return functools.partial(hook, custom_config={**config, PARAMETERS_KEY: parameters})

    def _analyze(
        self, groups: Sequence[RowGroup], table: FeatureTable, directory: Path
    ) -> Analysis:
        path = directory / "analysis.json"
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "RowGroups" >> beam.Create(groups)
                | "AnalyzeRowGroups" >> AnalyzeRowGroups(table)
                | "Write" >> beam.Map(_write_analysis, path)
            )
        return Analysis.model_validate_json(path.read_bytes())

    def _transform(
        self,
        raw: Sequence[Artifact],
        transformed: Sequence[Artifact],
        splits: Sequence[str],
        graph_directory: Path,
    ) -> None:
        for artifact in transformed:
            artifact.split_names = artifact_utils.encode_split_names(list(splits))
        files = [
            file
            for source, target in zip(raw, transformed, strict=True)
            for split in splits
            for file in plan_files(find_split(source, split), find_split(target, split))
        ]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(files)
                | "TransformFiles" >> TransformFiles(graph_directory)
            )
        for source, target in zip(raw, transformed, strict=True):
            describe_examples(target, _count_rows(source, target, splits))


def _check_request(examples: Sequence[Artifact], exec_properties: Mapping[str, Any]) -> None:
    if not exec_properties.get(specs.DISABLE_STATISTICS_KEY):
        raise ValueError(
            "Transform: disable_statistics is not set; set it, and read StatisticsGen's statistics"
        )
    for artifact in examples:
        payload_format = examples_utils.get_payload_format(artifact)
        if payload_format != example_gen_pb2.FORMAT_PARQUET:
            name = example_gen_pb2.PayloadFormat.Name(payload_format)
            raise ValueError(
                f"{artifact.uri}: the examples are {name}; give Transform FORMAT_PARQUET, as "
                "CsvExampleGen writes it"
            )


def _list_row_groups(examples: Sequence[Artifact], splits: Sequence[str]) -> list[RowGroup]:
    files = [
        path
        for split in splits
        for artifact in examples
        for path in list_files(find_split(artifact, split))
    ]
    return list_row_groups(files)


def _write_analysis(analysis: Analysis, path: Path) -> None:
    path.write_text(analysis.model_dump_json(), encoding="utf-8")


def _count_rows(source: Artifact, target: Artifact, splits: Sequence[str]) -> dict[str, int]:
    """Count the rows per split, and check that none was lost or duplicated."""
    counts = {}
    for split in splits:
        raw, transformed = (
            count_rows(list_files(find_split(artifact, split))) for artifact in (source, target)
        )
        if raw != transformed:
            raise RuntimeError(
                f"split {split!r}: {raw} raw rows gave {transformed} transformed ones"
            )
        counts[split] = transformed
    return counts
