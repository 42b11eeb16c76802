"""TFX adapter: analyze and transform row groups as Beam pipelines, with one graph between them."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.transform import executor, executor_utils, labels
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.examples.artifact import ROW_COUNTS_PROPERTY
from components.examples.parquet_examples import (
    FILE_FORMAT,
    RowGroup,
    count_rows,
    flatten,
    list_files,
    list_row_groups,
    read_row_group,
)
from components.transform.analysis import (
    Accumulator,
    Analysis,
    dump_analysis,
    list_analyzed_columns,
    load_analysis,
)
from components.transform.example_files import ExampleFile, check_rows, plan_files, transform_file
from components.transform.preprocessing import PARAMETERS_KEY, write_vocabularies
from components.transform.transform_graph import (
    PreprocessingFn,
    TransformGraph,
    write_graph,
    write_raw_metadata,
)
from schemas.feature_table import FeatureTable, load_feature_table

_TASK_KEY = "task"


class Executor(executor.Executor):
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
                get ``row_counts``, rows by split.
            exec_properties: As TFX's component makes them, with ``disable_statistics``. A hook
                that takes a ``custom_config`` with a ``task`` gets ``TransformParameters`` in it.

        Raises:
            ValueError: If statistics are asked for, the examples are not Parquet, or the hook has
                analyzers of TFT's.
            RuntimeError: If rows were lost on the way.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        raw = input_dict[standard_component_specs.EXAMPLES_KEY]
        _check_request(raw, exec_properties)
        executor_utils.MatchNumberOfTransformedExamplesArtifacts(input_dict, output_dict)
        splits = executor_utils.ResolveSplitsConfig(
            exec_properties.get(standard_component_specs.SPLITS_CONFIG_KEY), raw
        )
        graph_directory = Path(
            artifact_utils.get_single_uri(output_dict[standard_component_specs.TRANSFORM_GRAPH_KEY])
        )
        self._write_graph(
            _list_split_groups(raw, splits.analyze),
            _read_schema(input_dict[standard_component_specs.SCHEMA_KEY]),
            exec_properties,
            graph_directory,
        )
        transformed = output_dict.get(standard_component_specs.TRANSFORMED_EXAMPLES_KEY, [])
        if transformed:
            self._transform(raw, transformed, splits.transform, graph_directory)

    def _write_graph(
        self,
        groups: Sequence[RowGroup],
        schema: schema_pb2.Schema,
        exec_properties: Mapping[str, Any],
        directory: Path,
    ) -> None:
        hook = self._GetPreprocessingFn(_list_hook_inputs(exec_properties), {})
        with tempfile.TemporaryDirectory() as folder:
            preprocessing_fn = self._bind_parameters(hook, groups, Path(folder))
            write_graph(preprocessing_fn, schema, directory)
        write_raw_metadata(schema, directory)

    def _bind_parameters(
        self, hook: Callable[..., Any], groups: Sequence[RowGroup], directory: Path
    ) -> PreprocessingFn:
        """Add what the rows tell to the hook's ``custom_config``, if that names a task."""
        config = getattr(hook, "keywords", {}).get(labels.CUSTOM_CONFIG, {})
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
                | "Analyze" >> beam.CombineGlobally(AnalyzeRowGroups(table))
                | "WriteAnalysis" >> beam.Map(path.write_text, encoding="utf-8")
            )
        return load_analysis(path.read_text(encoding="utf-8"))

    def _transform(
        self,
        raw: Sequence[Artifact],
        transformed: Sequence[Artifact],
        splits: Sequence[str],
        graph_directory: Path,
    ) -> None:
        executor_utils.SetSplitNames(splits, transformed)
        files = [
            file
            for source, target in zip(raw, transformed, strict=True)
            for split in splits
            for file in plan_files(_find_split(source, split), _find_split(target, split))
        ]
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(files)
                | "OneFileAWorker" >> beam.Reshuffle()
                | "Transform" >> beam.ParDo(TransformFiles(graph_directory))
            )
        for source, target in zip(raw, transformed, strict=True):
            _describe_rows(source, target, splits)


class AnalyzeRowGroups(beam.CombineFn):
    """Combine row groups to the JSON of the ``Analysis`` of their rows."""

    def __init__(self, table: FeatureTable) -> None:
        """Say what to learn."""
        self._table = table

    def create_accumulator(self) -> Accumulator:
        """Start without rows."""
        return Accumulator(self._table)

    def add_input(self, accumulator: Accumulator, group: RowGroup) -> Accumulator:
        """Read a row group and add its rows."""
        columns = list_analyzed_columns(self._table)
        accumulator.add_batch(flatten(read_row_group(group, columns)))
        return accumulator

    def merge_accumulators(self, accumulators: Sequence[Accumulator]) -> Accumulator:
        """Add up parts."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: Accumulator) -> str:
        """Give the analysis."""
        return dump_analysis(accumulator.extract())


class TransformFiles(beam.DoFn):
    """Transform a file; doing it again writes the same file again."""

    def __init__(self, graph_directory: Path) -> None:
        """Say what to apply.

        Args:
            graph_directory: Transform's output.
        """
        self._graph_directory = graph_directory

    def setup(self) -> None:
        """Load the graph, once a worker."""
        self._graph = TransformGraph(self._graph_directory)

    def process(self, element: ExampleFile) -> Iterator[None]:
        """Transform one file."""
        transform_file(self._graph, element)
        yield from ()


def _check_request(examples: Sequence[Artifact], exec_properties: Mapping[str, Any]) -> None:
    if not exec_properties.get(standard_component_specs.DISABLE_STATISTICS_KEY):
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


def _read_schema(artifacts: list[Artifact]) -> schema_pb2.Schema:
    path = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(artifacts))
    return text_format.Parse(Path(path).read_text(encoding="utf-8"), schema_pb2.Schema())


def _list_hook_inputs(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the properties that name the hook under the labels that TFX's executor reads."""
    return {
        labels.MODULE_FILE: exec_properties.get(standard_component_specs.MODULE_FILE_KEY),
        labels.MODULE_PATH: exec_properties.get(standard_component_specs.MODULE_PATH_KEY),
        labels.PREPROCESSING_FN: exec_properties.get(standard_component_specs.PREPROCESSING_FN_KEY),
        labels.CUSTOM_CONFIG: exec_properties.get(standard_component_specs.CUSTOM_CONFIG_KEY),
    }


def _find_split(artifact: Artifact, split: str) -> Path:
    return Path(artifact_utils.get_split_uri([artifact], split))


def _list_split_groups(examples: Sequence[Artifact], splits: Sequence[str]) -> list[RowGroup]:
    files = [
        path
        for split in splits
        for artifact in examples
        for path in list_files(_find_split(artifact, split))
    ]
    return list_row_groups(files)


def _describe_rows(source: Artifact, target: Artifact, splits: Sequence[str]) -> None:
    rows = {split: count_rows(list_files(_find_split(target, split))) for split in splits}
    for split in splits:
        check_rows(split, count_rows(list_files(_find_split(source, split))), rows[split])
    target.set_string_custom_property(ROW_COUNTS_PROPERTY, json.dumps(rows))
    examples_utils.set_payload_format(target, example_gen_pb2.FORMAT_PARQUET)
    examples_utils.set_file_format(target, FILE_FORMAT)
