"""Import CSV files: read, encode, split, and write one shard of Parquet per file and split."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pydantic

from components.atomic_write import replace_at_end
from components.csv_example_gen.csv_reader import read_record_batches
from components.csv_example_gen.input_files import hash_as_read, read_state
from components.csv_example_gen.split_assignment import assign_splits
from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import SUFFIX, ParquetWriter
from components.problem import DataRefusedError, Problem
from components.record import Record
from schemas.feature_table import FeatureTable

# As records, a batch takes several times the memory of its columns.
_ENCODED_ROWS = 1 << 14


@dataclasses.dataclass(frozen=True)
class ImportTask:
    """One CSV file to import; its place among the files, from 0, names its shards."""

    path: str
    index: int
    count: int

    @property
    def shard_name(self) -> str:
        """File name of its shards, the same each time, as TFX and Beam name them."""
        return f"data_parquet-{self.index:05d}-of-{self.count:05d}{SUFFIX}"


class ImportReport(Record):
    """What became of one CSV file; without rows if it was refused.

    Attributes:
        sha256: Of the bytes that it was read from, as ``hash_as_read`` gives it.
    """

    path: str
    csv_rows: int = 0
    split_rows: dict[str, int] = pydantic.Field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    sha256: str | None = None


@dataclasses.dataclass(eq=False)
class ImportCsvFiles(beam.PTransform):
    """Import CSV files in parallel: ``ImportTask`` to ``ImportReport``.

    Doing a task again writes the same shards again, to the splits' directories.
    """

    table: FeatureTable
    hash_buckets: Mapping[str, int]
    split_directories: Mapping[str, str]

    def expand(self, tasks: beam.PCollection[ImportTask]) -> beam.PCollection[ImportReport]:
        """Import each file by itself."""
        return tasks | beam.Map(import_csv, self.table, self.hash_buckets, self.split_directories)


def import_csv(
    task: ImportTask,
    table: FeatureTable,
    hash_buckets: Mapping[str, int],
    split_directories: Mapping[str, str],
) -> ImportReport:
    """Import a file; its shards appear whole, or not at all if the file is refused."""
    shards = {
        split: Path(directory) / task.shard_name for split, directory in split_directories.items()
    }
    before = read_state(task.path)
    try:
        report = _write_shards(task.path, table, hash_buckets, shards)
    except DataRefusedError as refusal:
        report = ImportReport(path=task.path, problems=refusal.problems)
    return report.model_copy(update={"sha256": hash_as_read(task.path, before)})


def _write_shards(
    path: str,
    table: FeatureTable,
    hash_buckets: Mapping[str, int],
    shards: Mapping[str, Path],
) -> ImportReport:
    csv_rows = 0
    split_rows = dict.fromkeys(hash_buckets, 0)
    with contextlib.ExitStack() as stack:
        writers: dict[str, ParquetWriter] = {}
        for batch in read_record_batches(path, table):
            writers = writers or {
                split: stack.enter_context(_open_writer(shard, batch.schema))
                for split, shard in shards.items()
            }
            csv_rows += batch.num_rows
            places = _assign_splits(batch, hash_buckets)
            for place, split in enumerate(hash_buckets):
                rows = batch.filter(pa.array(places == place))
                writers[split].write(rows)
                split_rows[split] += rows.num_rows
    return ImportReport(path=path, csv_rows=csv_rows, split_rows=split_rows)


def _assign_splits(batch: pa.RecordBatch, hash_buckets: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Assign a batch's rows by the hash of the record that each would be, as TFX does."""
    parts = [
        assign_splits(encode_examples(batch.slice(start, _ENCODED_ROWS)), hash_buckets)
        for start in range(0, batch.num_rows, _ENCODED_ROWS)
    ]
    return np.concatenate(parts)


@contextlib.contextmanager
def _open_writer(shard: Path, schema: pa.Schema) -> Iterator[ParquetWriter]:
    with (
        replace_at_end(shard) as unfinished,
        contextlib.closing(ParquetWriter(str(unfinished), schema)) as writer,
    ):
        yield writer
