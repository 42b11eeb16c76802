"""TFDV's statistics as plain types, read from the protos without TFDV or TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics_gen.distances import Categories, Quantiles

FILE_NAME = "FeatureStats.pb"


@dataclasses.dataclass(frozen=True)
class FeatureSummary:
    """One column of one split.

    Attributes:
        rows: Rows of the split.
        missing: Rows without a value: an empty list, as CsvExampleGen writes it, or no list.
        distribution: Its values; None where TFDV describes neither numbers nor text.
        low: Smallest number; None for text or without a value, as for ``high``.
        unique: Number of distinct texts; None for numbers.
    """

    name: str
    rows: int
    missing: int
    distribution: Categories | Quantiles | None
    low: float | None = None
    high: float | None = None
    unique: int | None = None

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing


@dataclasses.dataclass(frozen=True)
class SplitSummary:
    """The statistics of one split."""

    rows: int
    features: Mapping[str, FeatureSummary]


def load_split_summary(directory: Path, split: str) -> SplitSummary:
    """Load and summarize a split's statistics; see ``load_split_statistics``."""
    return summarize_split(load_split_statistics(directory, split))


def load_split_statistics(
    directory: Path, split: str
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Load a split's statistics from an ``ExampleStatistics`` artifact, as TFDV wrote them.

    Raises:
        FileNotFoundError: If the artifact has no such split.
    """
    content = (directory / f"Split-{split}" / FILE_NAME).read_bytes()
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(content)


def summarize_split(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> SplitSummary:
    """Summarize statistics with at most one value per row and column, as CSV has them.

    Raises:
        ValueError: If there is not exactly one dataset.
    """
    if len(statistics.datasets) != 1:
        raise ValueError(f"statistics: got {len(statistics.datasets)} datasets, expected one")
    [dataset] = statistics.datasets
    rows = int(dataset.num_examples)
    return SplitSummary(
        rows, {get_feature_name(feature): _summarize(feature, rows) for feature in dataset.features}
    )


def get_feature_name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """Get the name of the column that statistics describe."""
    return str(feature.name or ".".join(feature.path.step))


def _summarize(feature: statistics_pb2.FeatureNameStatistics, rows: int) -> FeatureSummary:
    kind = feature.WhichOneof("stats")
    common = getattr(feature, kind).common_stats if kind else statistics_pb2.CommonStatistics()
    # TFDV counts a row with an empty list as one that has the feature, so count values.
    present = min(int(common.tot_num_values), rows)
    missing = rows - present
    name = get_feature_name(feature)
    if kind == "num_stats":
        numbers = feature.num_stats
        low, high = (numbers.min, numbers.max) if present else (None, None)
        return FeatureSummary(name, rows, missing, _read_quantiles(numbers, missing), low, high)
    if kind == "string_stats":
        text = feature.string_stats
        counts = {bucket.label: bucket.sample_count for bucket in text.rank_histogram.buckets}
        rest = max(present - sum(counts.values()), 0.0)
        categories = Categories(counts, float(missing), rest)
        return FeatureSummary(name, rows, missing, categories, unique=int(text.unique))
    return FeatureSummary(name, rows, missing, None)


def _read_quantiles(numbers: statistics_pb2.NumericStatistics, missing: int) -> Quantiles:
    buckets = [
        (bucket.low_value, bucket.high_value, bucket.sample_count)
        for histogram in numbers.histograms
        if histogram.type == statistics_pb2.Histogram.QUANTILES
        for bucket in histogram.buckets
        if bucket.sample_count > 0
    ]
    lows, highs, counts = np.array(buckets, dtype=np.float64).reshape(-1, 3).T
    return Quantiles(lows, highs, counts, float(missing))
