"""Rows at fault and their physical lines."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest

from components.data_gate.offending_rows import (
    RowTest,
    create_domain_test,
    create_interval_test,
    create_missing_test,
    create_range_test,
    create_value_test,
    read_number,
    scan_rows,
)

TEXT = 'city,fare\nRome,1.0\n"New\nYork",2.0\n\nOslo,\n,30.0\n'


@pytest.mark.parametrize("name", ["plain.csv", "crlf.csv", "bom.csv", "zipped.csv.gz"])
def test_lines_are_physical(tmp_path: Path, name: str) -> None:
    """Quoted line breaks, blank lines, CRLF, a byte order mark and gzip leave lines right."""
    content = TEXT.replace("\n", "\r\n") if name == "crlf.csv" else TEXT
    encoded = content.encode("utf-8-sig" if name == "bom.csv" else "utf-8")
    path = tmp_path / name
    path.write_bytes(gzip.compress(encoded) if name.endswith(".gz") else encoded)

    tests = [
        create_missing_test("city"),
        create_missing_test("fare"),
        create_value_test("city", ""),
    ]
    scan = scan_rows([str(path)], tests, 20)

    assert scan.rows_of_file == (4,)
    assert [[row.line for row in found.rows] for found in scan.offenders] == [[7], [6], [7]]


@pytest.mark.parametrize(
    "content",
    [
        b"n\n1\n2\n",
        b"n\n1\n2",
        b"n\r\n1\r\n\r\n2\r\n",
        b"n\n\n\n1\n2\n\n",
        b"\xef\xbb\xbfn\n1\n2\n",
        b"n\r1\r2\r",
        b"n\n1\r2\n",
        b'n,m\n"1\n",x\n2,""\n',
        b"n,m\n1,\n,\n",
    ],
)
def test_rows_are_counted_alike_with_and_without_tests(tmp_path: Path, content: bytes) -> None:
    """The quick count of a file that nothing is looked for in is that of the csv module."""
    for name, encoded in (("a.csv", content), ("b.csv.gz", gzip.compress(content))):
        path = tmp_path / name
        path.write_bytes(encoded)

        quick = scan_rows([str(path)], [], 20)

        assert quick.rows_of_file == (2,)
        assert quick.rows_of_file == scan_rows([str(path)], [RowTest("n", bool)], 1).rows_of_file


def test_tests_share_one_pass_and_keep_the_first_rows(tmp_path: Path) -> None:
    """All are counted, and no more than asked for are kept, in the files' order."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("n\n" + "1\n2\n" * 3)
    paths = [str(tmp_path / name) for name in ("a.csv", "b.csv")]

    scan = scan_rows(paths, [create_value_test("n", "2"), create_missing_test("absent")], 4)

    found, absent = scan.offenders
    assert (found.count, found.counts_of_values) == (6, {"2": 6})
    assert [(row.file, row.line) for row in found.rows] == [
        (paths[0], 3),
        (paths[0], 5),
        (paths[0], 7),
        (paths[1], 3),
    ]
    assert absent.count == 0
    assert scan.rows_of_file == (6, 6)


@pytest.mark.parametrize(
    ("cell", "is_outside"),
    [("0", False), ("9999.99", False), ("-0.01", True), ("1e4", True), ("", False), ("nan", True)],
)
def test_a_range_holds_32_bit_floats(cell: str, is_outside: bool) -> None:
    """9999.99 is rounded as in the examples, so it is not above itself."""
    limit = read_number("9999.99", is_float=True)

    test = create_range_test("fare", 0.0, float(limit), is_float=True)

    assert test.is_offending(cell) == is_outside


def test_a_missing_value_breaks_no_domain() -> None:
    """Whether it may be missing is another rule."""
    test = create_domain_test("city", {"Rome"})

    assert [test.is_offending(cell) for cell in ("", "Rome", "rome")] == [False, False, True]


def test_an_interval_is_open_below_and_closed_above() -> None:
    """As the bins are."""
    test = create_interval_test("n", 1.0, 2.0, is_float=False)

    assert [test.is_offending(cell) for cell in ("1", "2", "3", "")] == [False, True, False, False]


def test_text_is_not_a_number() -> None:
    """It is told apart from every number, and raises nothing."""
    assert math.isnan(read_number("Rome", is_float=True))
    assert math.isnan(read_number("1.5", is_float=False))
    assert (
        math.isnan(read_number("1e999999", is_float=True))
        or read_number("1e999999", is_float=True) == math.inf
    )
    assert read_number(" 17031999999", is_float=False) == 17031999999
