"""TFDV's statistics of a batch of rows, and how those of several batches become one.

TFDV computes statistics by generators, each with an accumulator that takes batches and merges with
others. ``tfdv.GenerateStatistics`` makes 130 Beam transforms per split of them, which takes seconds
before the first row; the generators alone take milliseconds, and are internal to TFDV.

Checked with TFDV 1.16.1. Where TFDV has moved, look for how ``generate_statistics_in_memory`` uses
its generators, and see to it that tests/components/statistics_gen pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import statistics_pb2

CHECKED_VERSION = "1.16.1"

Accumulators: TypeAlias = list[Any]
"""One per generator, in order."""


class StatisticsCombiner:
    """Statistics of rows, from batches of them in any order and on any machine.

    Numbers of distinct values are exact up to some ten thousand, and estimated by a sketch beyond
    (TFDV's ``use_sketch_based_topk_uniques``), so that memory stays bounded.
    """

    def __init__(self, options: tfdv.StatsOptions) -> None:
        """Create generators by options with the schema; slices, label and samples need Beam."""
        self._options = options
        self._generators = stats_impl.get_generators(options, in_memory=True)

    def describe(self, rows: pa.RecordBatch) -> Accumulators:
        """Describe a batch of columns of lists, as examples are kept."""
        return stats_impl.generate_partial_statistics_in_memory(
            rows, self._options, self._generators
        )

    def merge(self, parts: Iterable[Accumulators]) -> Accumulators:
        """Merge the statistics of batches; those of none are those of no rows."""
        parts = list(parts)
        if len(parts) == 1:
            return parts[0]
        return [
            generator.merge_accumulators(
                [generator.create_accumulator(), *(part[place] for part in parts)]
            )
            for place, generator in enumerate(self._generators)
        ]

    def extract(self, merged: Accumulators) -> statistics_pb2.DatasetFeatureStatisticsList:
        """Give the statistics as TFDV writes them."""
        return stats_impl.extract_statistics_output(merged, self._generators)
