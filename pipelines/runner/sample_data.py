"""Lay a task's sample data out below ``data/``: whole, and cut into spans; plain Python."""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from components.atomic_write import atomic_write
from components.errors import OperationError
from components.file_lock import FileLock
from components.spans import find_period_start
from schemas.feature_table import load_feature_table
from schemas.sample_data import Period, SampleData, find_sample_data

FILE_NAME = "data.csv"
WHOLE_FOLDER = "full"
SPANS_FOLDER = "spans"

_MARKER_NAME = ".layout.json"
_LOCK_NAME = ".layout.lock"


class DataLayoutError(OperationError):
    """The sample data can't be found or written; one line explains why."""


def lay_out_sample_data(task: str, data_root: Path) -> None:
    """Write a task's sample data below a folder, unless it is there already.

    Files are written aside and renamed, and the marker last: where this is killed, no half-written
    file is left, and the next call completes the layout. Nothing is ever deleted.

    Args:
        task: A task that brings sample data; one that brings none is skipped.
        data_root: The folder, such as ``data``; files go to ``<task>/full/data.csv`` (a copy, byte
            by byte) and, where the task's feature table has a span column,
            ``<task>/spans/<first day>/data.csv`` (the span's rows by that column, in the order of
            the whole, under the same header).

    Raises:
        DataLayoutError: If the source is not there, a row has no time, or a file can't be written.
    """
    sample = find_sample_data(task)
    if sample is None:
        return
    directory = data_root / task
    try:
        source = sample.find_source().read_bytes()
        # Two runs that are started at once do not write at once.
        with FileLock(directory / _LOCK_NAME, f"the sample data in {directory}").hold():
            if not _is_laid_out(directory, source, sample):
                _write_layout(directory, source, task, sample)
    except OSError as error:
        raise DataLayoutError(f"{error.filename or data_root}: {error.strerror}") from error


def cut_into_spans(content: bytes, span_column: str, period: Period) -> dict[datetime.date, bytes]:
    """Cut a CSV file into one file per span.

    Args:
        content: A CSV file with a header and one line per row.
        span_column: Column of Unix seconds that says which span a row belongs to.

    Returns:
        By the span's first day: the header and the span's lines, unchanged and in order.

    Raises:
        DataLayoutError: If there is no such column, or a line has no time in it.
    """
    header, *lines = content.splitlines(keepends=True)
    columns = next(csv.reader([header.decode().strip()]))
    if span_column not in columns:
        raise DataLayoutError(f"the sample data has no column {span_column!r}")
    place = columns.index(span_column)
    spans: dict[datetime.date, list[bytes]] = {}
    for number, line in enumerate(lines, start=2):
        cells = next(csv.reader([line.decode()]))
        try:
            start = datetime.datetime.fromtimestamp(int(cells[place]), datetime.timezone.utc)
        except (IndexError, ValueError) as error:
            raise DataLayoutError(
                f"the sample data, line {number}: no start time in column {span_column!r}"
            ) from error
        spans.setdefault(find_period_start(start, period), [header]).append(line)
    return {first_day: b"".join(spans[first_day]) for first_day in sorted(spans)}


def _write_layout(directory: Path, source: bytes, task: str, sample: SampleData) -> None:
    files = {f"{WHOLE_FOLDER}/{FILE_NAME}": source}
    span_column = load_feature_table(task).span_column
    if span_column is not None:
        for first_day, content in cut_into_spans(source, span_column, sample.period).items():
            files[f"{SPANS_FOLDER}/{first_day.isoformat()}/{FILE_NAME}"] = content
    for name, content in files.items():
        atomic_write(directory / name, content)
    sizes = {name: len(content) for name, content in files.items()}
    marker = json.dumps(_describe(source, sample, sizes), indent=2) + "\n"
    atomic_write(directory / _MARKER_NAME, marker.encode())


def _is_laid_out(directory: Path, source: bytes, sample: SampleData) -> bool:
    """Tell whether the marker describes this layout, and every file is there in full size."""
    try:
        marker = json.loads((directory / _MARKER_NAME).read_bytes())
        sizes = {name: (directory / name).stat().st_size for name in marker["files"]}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return False
    return bool(marker == _describe(source, sample, sizes))


def _describe(source: bytes, sample: SampleData, sizes: Mapping[str, int]) -> dict[str, object]:
    return {
        "period": sample.period,
        "source_bytes": len(source),
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "files": dict(sizes),
    }
