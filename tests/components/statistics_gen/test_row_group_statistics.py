"""Row groups go through Beam to statistics."""

from __future__ import annotations

import statistics
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.examples.parquet_examples import ParquetWriter, RowGroup, list_row_groups
from components.statistics_gen.row_group_statistics import DescribeRowGroups

SPLITS: dict[str, list[list[tuple[float | None, bytes | None]]]] = {
    "train": [[(1.5, b"a"), (None, b"b")], [(2.5, b"a"), (8.0, None), (0.0, b"a")]],
    "test": [[(4.0, b"c")]],
}
SCHEMA = pa.schema({"fare": pa.float32(), "company": pa.binary()})


def write_rows(directory: Path) -> list[tuple[str, RowGroup]]:
    """Write each inner list to a file of its own."""
    groups = []
    for split, files in SPLITS.items():
        for number, rows in enumerate(files):
            path = str(directory / f"{split}-{number}.parquet")
            writer = ParquetWriter(path, SCHEMA)
            columns = [
                pa.array(column, dtype)
                for column, dtype in zip(zip(*rows, strict=True), SCHEMA.types, strict=True)
            ]
            writer.write(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
            writer.close()
            groups += [(split, group) for group in list_row_groups([path])]
    return groups


def summarize(described: tuple[str, bytes]) -> tuple[object, ...]:
    """Take from a split's statistics what can be counted by hand."""
    split, serialized = described
    [dataset] = statistics_pb2.DatasetFeatureStatisticsList.FromString(serialized).datasets
    fare, company = (
        next(one for one in dataset.features if one.path.step[0] == name) for name in SCHEMA.names
    )
    numbers = fare.num_stats
    texts = {
        bucket.label: bucket.sample_count for bucket in company.string_stats.rank_histogram.buckets
    }
    present = numbers.common_stats.tot_num_values
    return split, dataset.num_examples, present, numbers.mean, numbers.min, numbers.max, texts


def count_by_hand(split: str) -> tuple[object, ...]:
    """Count the same in plain Python."""
    rows = [row for file in SPLITS[split] for row in file]
    fares = [fare for fare, _ in rows if fare is not None]
    companies = [company.decode() for _, company in rows if company is not None]
    texts = {company: float(companies.count(company)) for company in companies}
    return split, len(rows), len(fares), statistics.mean(fares), min(fares), max(fares), texts


def test_each_split_is_described_as_a_whole(tmp_path: Path) -> None:
    """Row groups of several files give one split's counts, means, limits and top values."""
    groups = write_rows(tmp_path)

    with TestPipeline() as pipeline:
        described = pipeline | beam.Create(groups) | DescribeRowGroups(tfdv.StatsOptions())
        assert_that(described | beam.Map(summarize), equal_to([*map(count_by_hand, SPLITS)]))
