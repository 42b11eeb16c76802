"""Files go through Beam to shards and reports."""

from __future__ import annotations

import hashlib
from pathlib import Path

import apache_beam as beam
import tensorflow as tf
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from components.csv_example_gen.csv_import import ImportCsvFiles, ImportReport, ImportTask
from components.examples.parquet_examples import list_files, read_flat_batches
from tests.tiny_task import TABLE

BUCKETS = {"train": 2, "test": 1}
HEADER = "price,city,hour,tip\n"
LINES = "1.5,Rome,3,0.5\n2,,4,\n,Oslo,,1\n8,X,1,2\n"
Row = tuple[float | None, bytes | None, int | None, float | None]
ROWS: list[Row] = [
    (1.5, b"Rome", 3, 0.5),
    (2.0, None, 4, None),
    (None, b"Oslo", None, 1.0),
    (8.0, b"X", 1, 2.0),
]


def find_split(row: Row) -> str:
    """Find a row's split as TFX does: by the hash of its ``tf.Example``, modulo all buckets."""
    price, city, hour, tip = row
    example = tf.train.Example()
    features = example.features.feature
    for name, number in (("price", price), ("tip", tip)):
        features[name].float_list.value.extend([] if number is None else [number])
        features[name].float_list.SetInParent()
    features["city"].bytes_list.value.extend([] if city is None else [city])
    features["city"].bytes_list.SetInParent()
    features["hour"].int64_list.value.extend([] if hour is None else [hour])
    features["hour"].int64_list.SetInParent()
    digest = hashlib.sha256(example.SerializeToString(deterministic=True)).hexdigest()
    return "train" if int(digest, 16) % 3 < 2 else "test"


def summarize(report: ImportReport) -> tuple[object, ...]:
    """Take from a report what a test compares."""
    rules = [problem.rule for problem in report.problems]
    return report.path, report.csv_rows, report.split_rows, report.sha256, rules


def test_each_file_gives_a_report_and_its_shards(tmp_path: Path) -> None:
    """A good file is split as TFX does, in its order; a bad one is refused and leaves nothing."""
    contents = {"good.csv": HEADER + LINES, "bad.csv": HEADER + LINES + "1,2\n"}
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    paths = [str(tmp_path / name) for name in contents]
    tasks = [ImportTask(path, place, len(paths)) for place, path in enumerate(paths)]
    directories = {split: str(tmp_path / split) for split in BUCKETS}
    expected = {split: [row for row in ROWS if find_split(row) == split] for split in BUCKETS}
    rows = {split: len(those) for split, those in expected.items()}
    good, bad = (hashlib.sha256(text.encode()).hexdigest() for text in contents.values())

    with TestPipeline() as pipeline:
        reports = pipeline | beam.Create(tasks) | ImportCsvFiles(TABLE, BUCKETS, directories)
        assert_that(
            reports | beam.Map(summarize),
            equal_to([(paths[0], 4, rows, good, []), (paths[1], 0, {}, bad, ["ragged row"])]),
        )

    for split, wanted in expected.items():
        [shard] = list((tmp_path / split).iterdir())
        assert shard.name == "data_parquet-00000-of-00002.parquet"
        read = [batch.to_pylist() for batch in read_flat_batches(list_files(tmp_path / split))]
        assert [tuple(row.values()) for batch in read for row in batch] == wanted
