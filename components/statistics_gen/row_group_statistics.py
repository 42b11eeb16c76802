"""The Beam step that describes row groups: TFDV's statistics, without TFDV's hundred stages."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam
import tensorflow_data_validation as tfdv

from components.examples.parquet_examples import RowGroup, read_row_group
from components.statistics_gen.tfdv_internals import Accumulators, StatisticsCombiner


@dataclasses.dataclass(eq=False)
class DescribeRowGroups(beam.PTransform):
    """Describe row groups per split: ``(split, RowGroup)`` to ``(split, statistics)``.

    The statistics are a serialized ``DatasetFeatureStatisticsList``, one per split; options have
    the schema, and neither slices, label nor samples.
    """

    options: tfdv.StatsOptions

    def expand(
        self, groups: beam.PCollection[tuple[str, RowGroup]]
    ) -> beam.PCollection[tuple[str, bytes]]:
        """Describe each row group on its own; only statistics travel between workers."""
        return (
            groups
            | "Describe" >> beam.ParDo(_Describe(self.options))
            | "Merge" >> beam.CombinePerKey(_Merge(self.options))
        )


@dataclasses.dataclass(eq=False)
class _Combining:
    """A step that has a combiner, which does not travel between workers."""

    options: tfdv.StatsOptions

    def setup(self) -> None:
        self._combiner = StatisticsCombiner(self.options)


class _Describe(_Combining, beam.DoFn):
    def process(self, element: tuple[str, RowGroup]) -> Iterator[tuple[str, Accumulators]]:
        split, group = element
        yield split, self._combiner.describe(read_row_group(group))


class _Merge(_Combining, beam.CombineFn):
    def create_accumulator(self) -> Accumulators | None:
        return None

    def add_input(self, accumulator: Accumulators | None, element: Accumulators) -> Accumulators:
        return element if accumulator is None else self._combiner.merge([accumulator, element])

    def merge_accumulators(self, accumulators: Iterable[Accumulators | None]) -> Accumulators:
        return self._combiner.merge(part for part in accumulators if part is not None)

    def extract_output(self, accumulator: Accumulators) -> bytes:
        return bytes(self._combiner.extract(accumulator).SerializeToString())
