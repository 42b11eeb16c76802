"""Ways in which a delivery of trips goes wrong, made from the committed sample."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.records.exit_code import ExitCode

SAMPLE = Path(__file__).parents[2] / "data/chicago_taxi/sample/data.csv"
HEADER, *ROWS = SAMPLE.read_text(encoding="utf-8").splitlines()
COLUMNS = HEADER.split(",")

Make = Callable[[Path], None]


@dataclasses.dataclass(frozen=True)
class Corruption:
    """One way to go wrong.

    Attributes:
        name: What is wrong, as the table says it.
        make: Writes the delivery into a folder.
        expected: Exit code of the run.
        named: What the message must name: file, column, rule or value.
    """

    name: str
    make: Make
    expected: ExitCode
    named: tuple[str, ...] = ()


def write_rows(directory: Path, rows: Sequence[str], header: str = HEADER) -> None:
    """Write a CSV file."""
    text = "".join(f"{line}\n" for line in (header, *rows))
    (directory / "trips.csv").write_text(text, encoding="utf-8")


def set_cells(rows: Sequence[str], column: str, change: Callable[[str], str]) -> list[str]:
    """Change every cell of a column; the sample quotes no cell."""
    place = COLUMNS.index(column)
    changed = []
    for row in rows:
        cells = row.split(",")
        cells[place] = change(cells[place])
        changed.append(",".join(cells))
    return changed


def _write_cells(column: str, value: str, every: int = 1) -> Make:
    """Write the sample with a column's cells replaced, all or one in some."""

    def make(directory: Path) -> None:
        rows = list(ROWS)
        rows[::every] = set_cells(rows[::every], column, lambda _: value)
        write_rows(directory, rows)

    return make


def _scale(factor: int, *columns: str) -> Make:
    """Multiply columns; whole numbers stay whole."""

    def change(cell: str) -> str:
        if not cell:
            return cell
        return str(int(cell) * factor) if cell.isdecimal() else f"{float(cell) * factor:.2f}"

    def make(directory: Path) -> None:
        rows = list(ROWS)
        for column in columns:
            rows = set_cells(rows, column, change)
        write_rows(directory, rows)

    return make


def _write_bytes(content: bytes, name: str = "trips.csv") -> Make:
    def make(directory: Path) -> None:
        (directory / name).write_bytes(content)

    return make


def _reorder(directory: Path) -> None:
    reversed_rows = [",".join(reversed(row.split(","))) for row in ROWS]
    write_rows(directory, reversed_rows, ",".join(reversed(COLUMNS)))


def _drop_column(column: str) -> Make:
    place = COLUMNS.index(column)

    def drop(line: str) -> str:
        cells = line.split(",")
        return ",".join(cells[:place] + cells[place + 1 :])

    return lambda directory: write_rows(directory, [drop(row) for row in ROWS], drop(HEADER))


def _swap_payment(directory: Path) -> None:
    swapped = {"Cash": "Credit Card", "Credit Card": "Cash"}
    write_rows(directory, set_cells(ROWS, "payment_type", lambda cell: swapped.get(cell, cell)))


def _write_twice(directory: Path) -> None:
    write_rows(directory, ROWS)
    (directory / "trips_copy.csv").write_bytes((directory / "trips.csv").read_bytes())


def _write_two_headers(directory: Path) -> None:
    write_rows(directory, ROWS[:600])
    renamed = HEADER.replace("fare", "amount")
    (directory / "more.csv").write_text("\n".join((renamed, *ROWS[600:])) + "\n")


def _write_ten_times(directory: Path) -> None:
    rows = []
    for copy in range(10):
        # Another second in each copy, so that rows are not the same.
        rows += set_cells(ROWS, "trip_start_timestamp", lambda cell, n=copy: str(int(cell) + n))  # type: ignore[misc]
    write_rows(directory, rows)


WHOLE = "\n".join((HEADER, *ROWS)).encode() + b"\n"
REFUSED = ExitCode.DATA_REFUSED

CORRUPTIONS = [
    Corruption("empty file", _write_bytes(b""), REFUSED, ("trips.csv", "empty")),
    Corruption("header without rows", lambda d: write_rows(d, []), REFUSED, ("trips.csv", "row")),
    Corruption("one row", lambda d: write_rows(d, ROWS[:1]), REFUSED, ("trips.csv", "split")),
    Corruption("missing column", _drop_column("fare"), REFUSED, ("trips.csv", "fare")),
    Corruption("missing label column", _drop_column("tips"), REFUSED, ("trips.csv", "tips")),
    Corruption(
        "renamed column",
        lambda d: write_rows(d, ROWS, HEADER.replace("payment_type", "payment_tpye")),
        REFUSED,
        ("trips.csv", "payment_tpye", "payment_type"),
    ),
    Corruption(
        "duplicated column",
        lambda d: write_rows(d, [f"{row},1" for row in ROWS], f"{HEADER},fare"),
        REFUSED,
        ("trips.csv", "fare"),
    ),
    Corruption(
        "extra column",
        lambda d: write_rows(d, [f"{row},x" for row in ROWS], f"{HEADER},driver"),
        ExitCode.DONE,
        ("driver",),
    ),
    Corruption("reordered columns", _reorder, ExitCode.DONE),
    Corruption(
        "semicolons for commas",
        _write_bytes(WHOLE.replace(b",", b";")),
        REFUSED,
        ("trips.csv", "separated by commas"),
    ),
    Corruption(
        "two files with different headers", _write_two_headers, REFUSED, ("more.csv", "fare")
    ),
    Corruption("text in a number", _write_cells("fare", "cheap", 500), REFUSED, ("fare", "cheap")),
    Corruption(
        "a fraction in a whole number",
        _write_cells("trip_start_hour", "5.5", 500),
        REFUSED,
        ("trip_start_hour", "5.5"),
    ),
    Corruption("NaN", _write_cells("fare", "NaN", 500), REFUSED, ("fare", "NaN")),
    Corruption("infinity", _write_cells("fare", "inf", 500), REFUSED, ("fare", "inf")),
    Corruption("a number past 32 bits", _write_cells("fare", "1e300", 500), REFUSED, ("fare",)),
    Corruption("a huge number", _write_cells("fare", "123456789", 500), REFUSED, ("fare",)),
    Corruption("a negative number", _write_cells("fare", "-5", 500), REFUSED, ("fare",)),
    Corruption("an hour of 24", _write_cells("trip_start_hour", "24", 500), REFUSED, ("hour",)),
    Corruption("a column all empty", _write_cells("fare", ""), REFUSED, ("fare",)),
    Corruption("a required cell empty", _write_cells("fare", "", 500), REFUSED, ("fare",)),
    Corruption("constant label", _write_cells("tips", "0"), REFUSED, ("big_tipper",)),
    Corruption(
        "category unseen, in all rows",
        _write_cells("payment_type", "Barter"),
        REFUSED,
        ("payment_type", "Barter"),
    ),
    Corruption("categories shifted", _swap_payment, REFUSED, ("payment_type",)),
    Corruption("means drifted", _scale(3, "fare", "tips"), REFUSED, ("fare",)),
    Corruption("units changed", _scale(60, "trip_seconds"), REFUSED, ("trip_seconds",)),
    Corruption("byte-order mark", _write_bytes(b"\xef\xbb\xbf" + WHOLE), ExitCode.DONE),
    Corruption("CRLF line ends", _write_bytes(WHOLE.replace(b"\n", b"\r\n")), ExitCode.DONE),
    Corruption(
        "quoted newline in a cell", _write_cells("company", '"Blue\nCab"', 500), ExitCode.DONE
    ),
    Corruption(
        "quote that never closes", _write_cells("company", '"Blue', 1100), REFUSED, ("trips.csv",)
    ),
    Corruption(
        "row too long",
        lambda d: write_rows(d, [*ROWS[:5], f"{ROWS[5]},more", *ROWS[6:]]),
        REFUSED,
        ("trips.csv", "line 7", "19", "18"),
    ),
    Corruption(
        "row too short",
        lambda d: write_rows(d, [*ROWS[:5], "1,2,3", *ROWS[6:]]),
        REFUSED,
        ("trips.csv", "line 7", "3", "18"),
    ),
    Corruption(
        "not UTF-8",
        _write_bytes(WHOLE.replace(b"Cash", b"\xff\xfe", 1)),
        REFUSED,
        ("trips.csv", "UTF-8"),
    ),
    Corruption(
        "NUL bytes", _write_bytes(WHOLE.replace(b"Cash", b"Ca\0h", 1)), REFUSED, ("trips.csv",)
    ),
    Corruption(
        "truncated gzip",
        _write_bytes(gzip.compress(WHOLE)[:-200], "trips.csv.gz"),
        REFUSED,
        ("trips.csv.gz",),
    ),
    Corruption(
        "gzip in name alone", _write_bytes(WHOLE, "trips.csv.gz"), REFUSED, ("trips.csv.gz",)
    ),
    Corruption(
        "a folder named like a file",
        lambda d: (d / "trips.csv").mkdir(),
        REFUSED,
        ("trips.csv",),
    ),
    Corruption("the same file twice", _write_twice, REFUSED, ("trips_copy.csv",)),
    Corruption("ten times as many rows", _write_ten_times, ExitCode.DONE, ("12,000 rows",)),
    Corruption("no file", lambda d: None, ExitCode.USAGE, ("--data",)),
]
