"""The Beam steps of Transform: analyze row groups, and transform files row group by row group."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam

from components.atomic_write import replace_at_end
from components.examples.parquet_examples import (
    SUFFIX,
    ParquetWriter,
    RowGroup,
    flatten,
    list_files,
    list_row_groups,
    read_row_group,
)
from components.transform.analysis import Accumulator, Analysis, list_analyzed_columns
from components.transform.transform_graph import TransformGraph
from schemas.feature_table import FeatureTable

FilePair = tuple[str, str]
"""Paths of a file of raw examples and of the transformed one to write."""


@dataclasses.dataclass(eq=False)
class AnalyzeRowGroups(beam.PTransform):
    """Analyze rows: ``RowGroup`` of raw examples to the one ``Analysis`` of them all."""

    table: FeatureTable

    def expand(self, groups: beam.PCollection[RowGroup]) -> beam.PCollection[Analysis]:
        """Analyze parts where they are, and merge what was learned."""
        return groups | beam.CombineGlobally(_Analyze(self.table))


class _Analyze(beam.CombineFn):
    def __init__(self, table: FeatureTable) -> None:
        self._table = table

    def create_accumulator(self) -> Accumulator:
        return Accumulator(self._table)

    def add_input(self, accumulator: Accumulator, group: RowGroup) -> Accumulator:
        columns = list_analyzed_columns(self._table)
        accumulator.add_batch(flatten(read_row_group(group, columns)))
        return accumulator

    def merge_accumulators(self, accumulators: Sequence[Accumulator]) -> Accumulator:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: Accumulator) -> Analysis:
        return accumulator.extract()


def plan_files(source: Path, target: Path) -> list[FilePair]:
    """Name one file to write for each of a split, in order; makes the target's folder.

    Raises:
        FileNotFoundError: If there are none.
    """
    target.mkdir(parents=True, exist_ok=True)
    paths = list_files(source)
    return [
        (path, str(target / f"transformed_examples-{index:05d}-of-{len(paths):05d}{SUFFIX}"))
        for index, path in enumerate(paths)
    ]


@dataclasses.dataclass(eq=False)
class TransformFiles(beam.PTransform):
    """Transform files: a ``FilePair`` to the same ``FilePair``, of which the second is written.

    Doing it again writes the same file again, whole or not at all.
    """

    graph_directory: Path

    def expand(self, files: beam.PCollection[FilePair]) -> beam.PCollection[FilePair]:
        """Transform each file by itself."""
        return files | beam.ParDo(_TransformFile(self.graph_directory))


class _TransformFile(beam.DoFn):
    def __init__(self, graph_directory: Path) -> None:
        self._graph_directory = graph_directory

    def setup(self) -> None:
        self._graph = TransformGraph(self._graph_directory)

    def process(self, element: FilePair) -> Iterator[FilePair]:
        source, target = element
        with replace_at_end(Path(target)) as unfinished:
            writer = ParquetWriter(str(unfinished), self._graph.schema)
            for group in list_row_groups([source]):
                writer.write(self._graph.transform(read_row_group(group, self._graph.columns)))
            writer.close()
        yield element
