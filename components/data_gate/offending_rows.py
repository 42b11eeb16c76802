"""Find the rows at fault in the CSV files, with their physical lines; plain Python."""

from __future__ import annotations

import csv
import dataclasses
import math
import struct
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from components.csv_example_gen.csv_source import open_bytes, read_text_lines
from components.data_gate.findings import OffendingRow

_MAX_VALUES = 1000
_BLOCK_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class RowTest:
    """Tells whether a row is at fault by the text of one cell; a missing value is empty."""

    column: str
    is_offending: Callable[[str], bool]


@dataclasses.dataclass
class Offenders:
    """The rows that a test found.

    Attributes:
        count: How many there are in all files.
        rows: The first ``max_rows`` of them, in the files' order.
        counts_of_values: How many there are of each value, for the first thousand values.
    """

    test: RowTest
    max_rows: int
    count: int = 0
    rows: list[OffendingRow] = dataclasses.field(default_factory=list)
    counts_of_values: Counter[str] = dataclasses.field(default_factory=Counter)

    def add(self, path: str, line: int, cell: str) -> None:
        """Count a row."""
        self.count += 1
        if len(self.rows) < self.max_rows:
            self.rows.append(OffendingRow(file=path, line=line, value=cell))
        if cell in self.counts_of_values or len(self.counts_of_values) < _MAX_VALUES:
            self.counts_of_values[cell] += 1


class Scan(NamedTuple):
    """The result of a pass over the files: the rows of each, and what each test found, in order."""

    rows_of_file: tuple[int, ...]
    offenders: tuple[Offenders, ...]


def scan_rows(paths: Sequence[str], tests: Sequence[RowTest], max_rows: int) -> Scan:
    """Pass once, for all tests, over CSV files that CsvExampleGen has read, so that they are sound.

    Args:
        max_rows: How many rows are kept of each test.

    Raises:
        OSError: If a file cannot be read.
        csv.Error: If a file is not CSV.
    """
    offenders = tuple(Offenders(test, max_rows) for test in tests)
    return Scan(tuple(_scan_file(path, offenders) for path in paths), offenders)


def create_missing_test(column: str) -> RowTest:
    """Find rows without a value."""
    return create_value_test(column, "")


def create_value_test(column: str, value: str) -> RowTest:
    """Find rows with one value."""
    return RowTest(column, lambda cell: cell == value)


def create_domain_test(column: str, values: Collection[str]) -> RowTest:
    """Find rows whose value is not one of the domain's."""
    return RowTest(column, lambda cell: cell != "" and cell not in values)


def create_range_test(
    column: str, low: float | None, high: float | None, is_float: bool
) -> RowTest:
    """Find rows whose number, as the examples hold it, is outside a range, or is not a number."""

    def is_outside(cell: str) -> bool:
        number = read_number(cell, is_float)
        is_below = low is not None and number < low
        is_above = high is not None and number > high
        return cell != "" and (is_below or is_above or math.isnan(number))

    return RowTest(column, is_outside)


def create_interval_test(
    column: str, low: float | None, high: float | None, is_float: bool
) -> RowTest:
    """Find rows whose number, as the examples hold it, is above one limit and up to another."""

    def is_inside(cell: str) -> bool:
        number = read_number(cell, is_float)
        return cell != "" and (low is None or number > low) and (high is None or number <= high)

    return RowTest(column, is_inside)


def read_number(cell: str, is_float: bool) -> float | int:
    """Read a cell's number as the examples hold it: in 32 bits or an integer; NaN if it is none."""
    try:
        if is_float:
            return float(struct.unpack("<f", struct.pack("<f", float(cell)))[0])
        return int(cell)
    except (ValueError, OverflowError):
        return math.nan


def _scan_file(path: str, offenders: Sequence[Offenders]) -> int:
    if not offenders and (plain_rows := _count_plain_rows(path)) is not None:
        return plain_rows
    reader = csv.reader(read_text_lines(path), strict=True)
    places = {name: place for place, name in enumerate(next(reader, []))}
    looked_at = [
        (places[one.test.column], one.test.is_offending, one)
        for one in offenders
        if one.test.column in places
    ]
    rows = 0
    line = reader.line_num + 1
    for row in reader:
        if row:
            rows += 1
            for place, is_offending, found in looked_at:
                if is_offending(row[place]):
                    found.add(path, line, row[place])
        line = reader.line_num + 1
    return rows


def _count_plain_rows(path: str) -> int | None:
    """Count lines that are not blank, without the header, five times as fast as ``csv`` does.

    None where a line may not be a row, because of a quote or of a carriage return inside it.
    """
    rows = -1
    with open_bytes(path) as source:
        while lines := source.readlines(_BLOCK_BYTES):
            block = b"".join(lines)
            if b'"' in block or block.count(b"\r") != block.count(b"\r\n"):
                return None
            rows += len(lines) - lines.count(b"\n") - lines.count(b"\r\n")
    return max(rows, 0)
