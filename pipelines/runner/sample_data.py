"""Lay out the real taxi trips below ``data/``: whole, and cut into spans by calendar quarter.

The trips are those that the installed ``tfx`` wheel carries as an example. Plain Python: TFX is
found, not imported.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import hashlib
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path

from components.atomic_write import atomic_write
from components.file_lock import FileLock
from pipelines.records.errors import OperationError
from schemas.feature_table import load_feature_table

TASK = "chicago_taxi"
FILE_NAME = "data.csv"

_SOURCE_BELOW_TFX = "examples/chicago_taxi_pipeline/data/simple/data.csv"
_MARKER_NAME = ".layout.json"
_LOCK_NAME = ".layout.lock"


class DataLayoutError(OperationError):
    """The data cannot be laid out or found; one line says why."""


@dataclasses.dataclass(frozen=True)
class DataLayout:
    """Where the trips lie.

    Attributes:
        full_directory: Folder of the one file with all trips.
        spans_directory: Folder of one folder a quarter, named by its first day (``YYYY-MM-DD``).
        spans: First days of the quarters, ascending.
    """

    full_directory: Path
    spans_directory: Path
    spans: tuple[datetime.date, ...]


def lay_out_taxi_data(data_root: Path) -> DataLayout:
    """Write the trips below a folder, unless they are there already.

    Files are written aside and renamed, and the marker last: a killed layout leaves no half file,
    and the next one completes it. Nothing is ever deleted.

    Args:
        data_root: The folder, such as ``data``; files go to ``chicago_taxi/full/data.csv`` (a
            copy, byte by byte) and ``chicago_taxi/spans/<first day>/data.csv`` (the quarter's
            rows by UTC start of the trip, in the order of the whole, under the same header).

    Raises:
        DataLayoutError: If the wheel or its file is not there, or a file cannot be written.
    """
    directory = data_root / TASK
    try:
        source = find_source().read_bytes()
        # Two runs that are started at once do not write at once.
        with FileLock(directory / _LOCK_NAME, f"the sample data in {directory}").hold():
            if not _is_laid_out(directory, source):
                _write_layout(directory, source)
    except OSError as error:
        raise DataLayoutError(f"{error.filename or data_root}: {error.strerror}") from error
    spans_directory = directory / "spans"
    return DataLayout(directory / "full", spans_directory, list_spans(spans_directory))


def find_source() -> Path:
    """Find the CSV file of trips that the installed ``tfx`` wheel carries.

    Raises:
        DataLayoutError: If there is no such wheel, or it has no such file.
    """
    spec = importlib.util.find_spec("tfx")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise DataLayoutError("the taxi trips come with the tfx wheel, which is not installed")
    path = Path(folders[0]) / _SOURCE_BELOW_TFX
    if not path.is_file():
        raise DataLayoutError(f"{path}: the installed tfx wheel carries no taxi trips")
    return path


def list_spans(spans_directory: Path) -> tuple[datetime.date, ...]:
    """List the spans in a folder.

    Args:
        spans_directory: Folder of folders named ``YYYY-MM-DD``; other names are passed over.

    Returns:
        Their dates, ascending; none if the folder is missing.
    """
    if not spans_directory.is_dir():
        return ()
    dates = (_parse_date(path.name) for path in spans_directory.iterdir() if path.is_dir())
    return tuple(sorted(date for date in dates if date))


def span_directory(spans_directory: Path, date: datetime.date) -> Path:
    """Give a span's folder.

    Args:
        date: First day of the span.

    Raises:
        DataLayoutError: If there is none; the message names those there are.
    """
    path = spans_directory / date.isoformat()
    if not path.is_dir():
        known = ", ".join(span.isoformat() for span in list_spans(spans_directory)) or "none"
        raise DataLayoutError(f"no span {date.isoformat()} in {spans_directory}; it has: {known}")
    return path


def find_quarter(trip_start_seconds: int) -> datetime.date:
    """Give the first day of the calendar quarter (UTC) of a time.

    Args:
        trip_start_seconds: Seconds since 1970-01-01 00:00 UTC.
    """
    start = datetime.datetime.fromtimestamp(trip_start_seconds, datetime.timezone.utc)
    return datetime.date(start.year, (start.month - 1) // 3 * 3 + 1, 1)


def cut_by_quarter(content: bytes) -> dict[datetime.date, bytes]:
    """Cut a CSV file into one a quarter.

    Args:
        content: A CSV with the header of the taxi task and one line a row.

    Returns:
        By the quarter's first day: the header and the quarter's lines, unchanged and in order.

    Raises:
        DataLayoutError: If a line has no start time.
    """
    header, *lines = content.splitlines(keepends=True)
    column = _find_span_column(header)
    quarters: dict[datetime.date, list[bytes]] = {}
    for number, line in enumerate(lines, start=2):
        cells = next(csv.reader([line.decode()]))
        try:
            quarter = find_quarter(int(cells[column]))
        except (IndexError, ValueError) as error:
            raise DataLayoutError(f"the taxi trips, line {number}: no start time") from error
        quarters.setdefault(quarter, [header]).append(line)
    return {quarter: b"".join(quarters[quarter]) for quarter in sorted(quarters)}


def _find_span_column(header: bytes) -> int:
    columns = next(csv.reader([header.decode().strip()]))
    span_column = load_feature_table(TASK).span_column
    if span_column is None or span_column not in columns:
        raise DataLayoutError(f"the taxi trips have no column {span_column!r}")
    return columns.index(span_column)


def _write_layout(directory: Path, source: bytes) -> None:
    files = {f"full/{FILE_NAME}": source}
    for quarter, content in cut_by_quarter(source).items():
        files[f"spans/{quarter.isoformat()}/{FILE_NAME}"] = content
    for name, content in files.items():
        atomic_write(directory / name, content)
    sizes = {name: len(content) for name, content in files.items()}
    marker = json.dumps(_describe(source, sizes), indent=2) + "\n"
    atomic_write(directory / _MARKER_NAME, marker.encode())


def _is_laid_out(directory: Path, source: bytes) -> bool:
    """Tell whether the marker stands for this source, and every file is there in full size."""
    try:
        marker = json.loads((directory / _MARKER_NAME).read_bytes())
        sizes = {name: (directory / name).stat().st_size for name in marker["files"]}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return False
    return bool(marker == _describe(source, sizes))


def _describe(source: bytes, sizes: Mapping[str, int]) -> dict[str, object]:
    return {
        "source_bytes": len(source),
        "source_sha256": hashlib.sha256(source).hexdigest(),
        "files": dict(sizes),
    }


def _parse_date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
